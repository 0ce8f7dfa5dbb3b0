import { fingerprint } from '../model/fingerprint.ts';
import type { Proposal } from '../model/proposal.ts';
import { LIMITS } from './limits.ts';
import type { QueueFiles } from './queue-files.ts';

/**
 * Holds a proposal to what it was when the controller first saw it. The queue belongs to the sidecars, so whoever owns
 * those could write another proposal under an id that an operator has looked at and is about to approve.
 */
export interface FirstSight {
  /** Whether it is what was seen under its id before; true at first sight, unless too many of its bottle wait. */
  holds(proposal: Proposal): Promise<boolean>;
  /** For a proposal that was decided: history says what it was. */
  forget(proposal: Proposal): Promise<void>;
}

/** Undecided proposals of one bottle that are remembered; the queue itself takes far fewer. */
const MAX_REMEMBERED = 1_000;

/** Remembers below `<state>/first-sight`, where no sidecar can write. */
export function createFirstSight(files: QueueFiles, stateDirectory: string): FirstSight {
  const folderOf = ({ bottle }: Proposal) => `${stateDirectory}/first-sight/${bottle}`;
  const pathOf = (proposal: Proposal) => `${folderOf(proposal)}/${proposal.id}`;
  const known = new Map<string, string>();
  /** The very objects that held: one that was not read again has not changed. */
  const held = new WeakSet<Proposal>();

  const remembered = async (path: string): Promise<string | null> => {
    const kept = known.get(path);
    if (kept !== undefined) return kept;
    const read = await files.read(path, LIMITS.fileBytes);
    if (read.kind === 'absent') return null;
    return read.kind === 'text' ? read.text : '';
  };

  return {
    async holds(proposal) {
      if (held.has(proposal)) return true;
      const path = pathOf(proposal);
      const now = fingerprint(proposal);
      let first = await remembered(path);
      if (first === null) {
        const folder = folderOf(proposal);
        if ((await files.list(folder)).length >= MAX_REMEMBERED) return false;
        await files.makeFolder(folder);
        first = (await files.publishOnce(path, now)) ? now : await remembered(path);
      }
      if (first !== now) return false;
      known.set(path, now);
      held.add(proposal);
      return true;
    },
    async forget(proposal) {
      known.delete(pathOf(proposal));
      await files.remove(pathOf(proposal));
    },
  };
}
