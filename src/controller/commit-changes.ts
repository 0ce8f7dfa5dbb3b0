import { parseDocument } from 'yaml';
import type { Revision } from '../model/names.ts';
import type { Answer, Refusal } from './api.ts';
import { resolveTip } from './pass.ts';
import type { CommitRequest, CommitUnreachable, Git, SignPolicy } from './ports/git.ts';

/** What a change makes of one tip; asked again when the branch moved in between. */
export type ChangeAt = (tip: Revision) => Promise<Answer<Omit<CommitRequest, 'parent'>>>;

export interface Committed {
  readonly revision: Revision;
  readonly subject: string;
  readonly leftInWorkingTree: readonly string[];
}

/** The same before the working tree followed. */
export interface CommittedAhead {
  readonly revision: Revision;
  readonly subject: string;
  /** Lets the working tree follow; gives the paths that are left there as they were. */
  readonly follow: () => Promise<readonly string[]>;
}

/** Somebody who commits this often in between is a loop, not a person. */
const MAX_RACES = 10;
/** A remote has many who push, and takes longer than this machine's own git. */
const MAX_REMOTE_RACES = 40;

/**
 * Commits a change on the branch by compare-and-swap: when the branch moved, the change is derived again from the new
 * tip, so nothing that was committed in between is lost or overwritten.
 */
export async function commitChanges(git: Git, changeAt: ChangeAt): Promise<Answer<Committed>> {
  const committed = await commitAhead(git, changeAt);
  if (!committed.ok) return committed;
  const { revision, subject, follow } = committed.value;
  return { ok: true, value: { revision, subject, leftInWorkingTree: await follow() } };
}

/** As `commitChanges`, for a caller that has the working tree follow when something more urgent is done. */
export async function commitAhead(git: Git, changeAt: ChangeAt): Promise<Answer<CommittedAhead>> {
  const races = git.remote() === null ? MAX_RACES : MAX_REMOTE_RACES;
  for (let race = 0; race < races; race += 1) {
    const resolved = await resolveTip(git);
    if ('refusal' in resolved) return { ok: false, refusal: resolved.refusal };
    const change = await changeAt(resolved.revision);
    if (!change.ok) return change;
    const outcome = await git.commitAhead({
      parent: resolved.revision,
      sign: await signPolicyAt(resolved.revision, git),
      ...change.value,
    });
    if (outcome.kind === 'unreachable') return { ok: false, refusal: unreached(outcome) };
    if (outcome.kind === 'refused') {
      const { message, hint } = outcome;
      return { ok: false, refusal: { kind: 'source', message, hint, diagnostics: [] } };
    }
    if (outcome.kind === 'committed') {
      const { revision, follow } = outcome;
      return { ok: true, value: { revision, subject: change.value.subject, follow } };
    }
  }
  return { ok: false, refusal: raced(git, races) };
}

/** The remote may have the commit all the same: whoever tries again looks for it in its history first. */
function unreached({ message, hint }: CommitUnreachable): Refusal {
  return { kind: 'remote', message, hint, diagnostics: [] };
}

/** What `audit.signCommits` of the commit says; a file that cannot be read says nothing. */
async function signPolicyAt(tip: Revision, git: Git): Promise<SignPolicy> {
  const file = (await git.readTree(tip)).get('fleet.yaml');
  if (file === undefined) return 'auto';
  const document = parseDocument(new TextDecoder().decode(file.bytes), { logLevel: 'error' });
  const written: unknown = document.getIn(['audit', 'signCommits']);
  return written === 'always' || written === 'never' ? written : 'auto';
}

function raced(git: Git, races: number): Refusal {
  return {
    kind: git.remote() === null ? 'conflict' : 'remote',
    message: `${git.branch} moved ${races} times while this was being committed`,
    hint: 'try again when whatever commits there has paused',
    diagnostics: [],
  };
}
