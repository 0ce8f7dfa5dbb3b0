import type { ProposalId } from '../model/names.ts';
import { LIMITS } from './limits.ts';
import { parseQueueFileName } from './proposal-file.ts';
import type { QueueFiles } from './queue-files.ts';
import {
  archivePath,
  noticePath,
  type ProposalRecord,
  proposalPath,
  type QueueFolder,
  readArchived,
  responsePath,
  withdrawalPath,
} from './queue-folder.ts';

/** Answered proposals beside each queue: enough for agents that ask late and for listings; git keeps all of them. */
export interface ProposalArchive {
  /** Moves a proposal and its answer out of the queue; false when neither was there. */
  take(folder: QueueFolder, id: ProposalId): Promise<boolean>;
  /** Takes what a process that died left in the queue of proposals that it had taken. */
  finish(folder: QueueFolder): Promise<void>;
  /** The newest of a bottle, oldest of these first. */
  newest(folder: QueueFolder): Promise<readonly ProposalRecord[]>;
}

/** Of one bottle: as many as a listing can show. */
const MAX_LISTED = 500;
/** A look at the whole archive costs milliseconds: one is enough for this many proposals. */
const TAKEN_BETWEEN_LOOKS = 200;

/** Opens the archives of every queue; what is past the limit is removed, the oldest first. */
export function createProposalArchive(files: QueueFiles): ProposalArchive {
  const takenSinceLook = new Map<string, number>();

  const archivedIds = async (folder: QueueFolder): Promise<readonly ProposalId[]> =>
    (await files.list(archivePath(folder))).flatMap((name) => {
      const parsed = parseQueueFileName(name);
      return parsed?.kind === 'proposal' ? [parsed.id] : [];
    });

  const trim = async (folder: QueueFolder): Promise<void> => {
    const ids = await archivedIds(folder);
    const archive = { ...folder, path: archivePath(folder) };
    for (const id of ids.slice(0, Math.max(0, ids.length - LIMITS.archived))) {
      // The answer goes last: a proposal without one would look as if it had never been decided.
      await files.remove(proposalPath(archive, id));
      await files.remove(responsePath(archive, id));
    }
  };

  const archive: ProposalArchive = {
    async take(folder, id) {
      // The proposal goes first: an answer without a proposal is never mistaken for one that waits.
      const asked = await files.moveInto(proposalPath(folder, id), archivePath(folder));
      const answered = await files.moveInto(responsePath(folder, id), archivePath(folder));
      await files.remove(withdrawalPath(folder, id));
      await files.remove(noticePath(folder, id));
      const taken = takenSinceLook.get(folder.path) ?? TAKEN_BETWEEN_LOOKS;
      takenSinceLook.set(folder.path, taken >= TAKEN_BETWEEN_LOOKS ? 1 : taken + 1);
      if (taken >= TAKEN_BETWEEN_LOOKS) await trim(folder);
      return asked || answered;
    },
    async finish(folder) {
      const left = (await files.list(folder.path)).flatMap(
        (name) => parseQueueFileName(name) ?? [],
      );
      const waiting = new Set(left.flatMap(({ kind, id }) => (kind === 'proposal' ? [id] : [])));
      const archived = new Set(left.length === 0 ? [] : await archivedIds(folder));
      for (const { id } of left) {
        if (archived.has(id) && !waiting.has(id)) await archive.take(folder, id);
      }
    },
    async newest(folder) {
      const ids = (await archivedIds(folder)).slice(-MAX_LISTED);
      const records = await Promise.all(ids.map((id) => readArchived(files, folder, id)));
      return records.filter((record) => record !== null);
    },
  };
  return archive;
}
