import type { Answer } from './api.ts';
import { attemptChain, type ChangeAt, type CommittedAhead } from './commit-chain.ts';
import { maxRaces, raced } from './commit-changes.ts';
import { createLanes } from './lanes.ts';
import type { Git } from './ports/git.ts';

/** Past this many, deriving them takes longer than others need to be faster. */
const MOST_AT_ONCE = 64;

interface Waiting {
  readonly changeAt: ChangeAt;
  readonly settle: (answer: Answer<CommittedAhead>) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Commits of which many may be asked for at the same time. Those that wait while one is made come after it as a chain:
 * each a commit of its own, all of them brought to the branch in one step, so that what a remote takes to answer is
 * waited for once and not once for each. When somebody else was faster, all are derived again from what is there
 * now, half as many at a time, since fewer are sooner done.
 */
export class CommitGroups {
  readonly #git: Git;
  readonly #lane = createLanes(1);
  readonly #waiting: Waiting[] = [];
  /** How many are tried at once: as many again with each that others let through. */
  #width = MOST_AT_ONCE;

  constructor(git: Git) {
    this.#git = git;
  }

  commit(changeAt: ChangeAt): Promise<Answer<CommittedAhead>> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer<CommittedAhead>>();
    this.#waiting.push({ changeAt, settle: resolve, fail: reject });
    // Finds nothing to do when the group of somebody else had it too.
    void this.#lane.run(() => this.#commitNext());
    return promise;
  }

  /** Runs other work that commits, when no group is being made. */
  between<Value>(work: () => Promise<Value>): Promise<Value> {
    return this.#lane.run(work);
  }

  async #commitNext(): Promise<void> {
    for (let race = 0; race < maxRaces(this.#git); race += 1) {
      const group = this.#waiting.slice(0, this.#width);
      if (group.length === 0) return;
      const attempt = await this.#attempt(group);
      if (attempt.kind === 'moved') this.#width = Math.max(1, Math.floor(group.length / 2));
      else if (attempt.kind === 'not-together') this.#width = 1;
      else {
        this.#width = Math.min(MOST_AT_ONCE, this.#width * 2);
        this.#waiting.splice(0, group.length);
        for (const [index, { settle }] of group.entries()) {
          settle(attempt.answers[index] ?? raced(this.#git));
        }
        return;
      }
    }
    for (const { settle } of this.#waiting.splice(0, this.#width)) settle(raced(this.#git));
  }

  /** What is not to be expected of one must not be the end of all: they are tried one by one. */
  async #attempt(group: readonly Waiting[]): ReturnType<typeof attemptChain> {
    try {
      return await attemptChain(
        this.#git,
        group.map(({ changeAt }) => changeAt),
      );
    } catch (error) {
      if (group.length > 1) return { kind: 'not-together' };
      for (const { fail } of group) fail(error);
      return { kind: 'settled', answers: [] };
    }
  }
}
