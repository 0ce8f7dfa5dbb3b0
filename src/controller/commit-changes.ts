import type { Answer, Refusal } from './api.ts';
import { attemptChain, type ChangeAt, type CommittedAhead } from './commit-chain.ts';
import type { Git } from './ports/git.ts';

export interface Committed extends Omit<CommittedAhead, 'follow'> {
  readonly leftInWorkingTree: readonly string[];
}

/** Somebody who commits this often in between is a loop, not a person. */
const MAX_RACES = 10;
/** A remote has many who push, and takes longer than this machine's own git. */
const MAX_REMOTE_RACES = 40;

/** How often a change is derived again because the branch moved. */
export function maxRaces(git: Git): number {
  return git.remote() === null ? MAX_RACES : MAX_REMOTE_RACES;
}

/**
 * Commits a change on the branch by compare-and-swap: when the branch moved, the change is derived again from the new
 * tip, so nothing that was committed in between is lost or overwritten.
 */
export async function commitChanges(git: Git, changeAt: ChangeAt): Promise<Answer<Committed>> {
  for (let race = 0; race < maxRaces(git); race += 1) {
    const attempt = await attemptChain(git, [changeAt]);
    if (attempt.kind !== 'settled') continue;
    const [committed = raced(git)] = attempt.answers;
    if (!committed.ok) return committed;
    const { revision, subject, follow } = committed.value;
    return { ok: true, value: { revision, subject, leftInWorkingTree: await follow() } };
  }
  return raced(git);
}

/** Every time somebody else was faster. */
export function raced(git: Git): Answer<never> {
  const refusal: Refusal = {
    kind: git.remote() === null ? 'conflict' : 'remote',
    message: `${git.branch} moved ${maxRaces(git)} times while this was being committed`,
    hint: 'try again when whatever commits there has paused',
    diagnostics: [],
  };
  return { ok: false, refusal };
}
