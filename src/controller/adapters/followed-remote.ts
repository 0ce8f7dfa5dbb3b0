import type { Clock, Random } from '../../model/clock.ts';
import type { Revision } from '../../model/names.ts';
import type { RemoteState } from '../../model/remote-state.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { createLanes } from '../lanes.ts';
import type { SourceProblem } from '../ports/git.ts';
import type { Upstream } from './git-chain.ts';
import { branchTip } from './git-commit.ts';
import { isAncestor } from './git-history.ts';
import type { GitProcess } from './git-process.ts';
import { missingBranch } from './git-source.ts';
import type { RemoteTransport } from './remote-transport.ts';
import type { RemoteTrouble } from './remote-words.ts';

export interface FollowedOptions {
  /** Of the mirror. */
  readonly git: GitProcess;
  readonly transport: RemoteTransport;
  readonly url: string;
  readonly branch: string;
  readonly clock: Clock;
  readonly random: Random;
  /** When the remote answered before this process began. */
  readonly contactedAtMs: number | null;
  /** Called at each answer of the remote, to be remembered. */
  readonly onContact: (atMs: number) => void;
}

/** What a look at the remote found. */
export type Looked = { readonly ok: true } | ({ readonly ok: false } & RemoteTrouble);

/** Who was just not reached is not waited for again: approvals that come one after the other would each wait. */
const DOWN_FOR_MS = 5_000;
/** Before a look at who was faster; longer each time, so that several of us do not keep pace. */
const LOST_RACE_MS = 20;
const MAX_LOST_MS = 400;

/** One branch of a remote and its mirror here. Calls go one after the other. */
export class FollowedRemote implements Upstream {
  readonly #options: FollowedOptions;
  readonly #calls = createLanes(1);
  #contactedAtMs: number | null;
  #triedMs = Number.NEGATIVE_INFINITY;
  #down: ({ readonly sinceMs: number } & RemoteTrouble) | null = null;
  #isBranchMissing = false;
  #lostRaces = 0;

  constructor(options: FollowedOptions) {
    this.#options = options;
    this.#contactedAtMs = options.contactedAtMs;
  }

  state(): RemoteState {
    const down = this.#down;
    return {
      url: sanitizeLine(this.#options.url),
      contactedAt: this.#contactedAtMs === null ? null : instant(this.#contactedAtMs),
      unreachable:
        down === null
          ? null
          : { since: instant(down.sinceMs), message: down.message, hint: down.hint },
    };
  }

  /** Why there is nothing to follow although the remote answers. */
  problem(): SourceProblem | null {
    const { url, branch } = this.#options;
    return this.#isBranchMissing ? missingBranch(url, branch) : null;
  }

  /** True when this process tried the remote so short a while ago, with whatever result. */
  wasTriedWithin(ms: number): boolean {
    return this.#options.clock.nowMs() - this.#triedMs < ms;
  }

  /** Brings the mirror's branch to where the remote's is. */
  look(): Promise<Looked> {
    return this.#calls.run(() => this.#look());
  }

  push(revision: Revision, parent: Revision): ReturnType<Upstream['push']> {
    return this.#calls.run(async () => {
      const pushed = await this.#push(revision, parent);
      this.#lostRaces = pushed.kind === 'moved' ? this.#lostRaces + 1 : 0;
      return pushed;
    });
  }

  async #push(revision: Revision, parent: Revision): ReturnType<Upstream['push']> {
    const { transport, branch, git, url } = this.#options;
    if (this.#down !== null && this.wasTriedWithin(DOWN_FOR_MS)) return unreachable(this.#down);
    const answer = await transport.push(revision, branch, parent);
    if (answer.ok && answer.value.exitCode === 0) {
      this.#contacted();
      return { kind: 'pushed' };
    }
    // Also a push of which nothing more was heard may have arrived: the remote's history tells.
    const looked = await this.#lookAgain();
    if (!looked.ok) return unreachable(looked);
    const tip = await branchTip(git, `refs/heads/${branch}`);
    const refused = (message: string, hint: string) =>
      ({ kind: 'refused', message, hint }) as const;
    if (tip === null || this.#isBranchMissing) {
      return refused(`${url} has no branch ${branch} any more`, 'push it again, or follow another');
    }
    if (await isAncestor(git, revision, tip)) return { kind: 'pushed' };
    if (tip !== parent) return { kind: 'moved', tip };
    if (!answer.ok) return refused(answer.message, answer.hint);
    const { stdout, stderr } = answer.value;
    // Another push holds the branch for a moment, and is not there yet.
    if (/\block\b|incorrect old value/i.test(stdout + stderr)) return { kind: 'moved', tip };
    return refused(
      `${url} does not take the commit: ${refusalIn(stdout, stderr)}`,
      'see what its rules for the branch and the rights of the credential are',
    );
  }

  /** Straight to the fetch: the sooner the next push follows what it is made on, the rarer others come in between. */
  async #lookAgain(): Promise<Looked> {
    await this.#giveWay();
    const fetched = await this.#options.transport.fetch(this.#options.branch, { tidy: false });
    if (!fetched.ok) return this.#look();
    this.#contacted();
    return { ok: true };
  }

  async #look(): Promise<Looked> {
    const { transport, branch, git } = this.#options;
    const asked = await transport.ask(branch);
    if (!asked.ok) return this.#failed(asked);
    const tip = asked.value.tips.get(branch);
    this.#isBranchMissing = tip === undefined;
    if (tip !== undefined && (await branchTip(git, `refs/heads/${branch}`)) !== tip) {
      const fetched = await transport.fetch(branch, { tidy: true });
      if (!fetched.ok) return this.#failed(fetched);
    }
    this.#contacted();
    return { ok: true };
  }

  #contacted(): void {
    this.#triedMs = this.#options.clock.nowMs();
    this.#contactedAtMs = this.#triedMs;
    this.#down = null;
    this.#options.onContact(this.#triedMs);
  }

  #failed({ message, hint }: RemoteTrouble): Looked {
    this.#triedMs = this.#options.clock.nowMs();
    this.#down = { sinceMs: this.#down?.sinceMs ?? this.#triedMs, message, hint };
    return { ok: false, message, hint };
  }

  async #giveWay(): Promise<void> {
    const { clock, random } = this.#options;
    const longest = Math.min(LOST_RACE_MS * this.#lostRaces, MAX_LOST_MS);
    await clock.sleep(longest * random.next());
  }
}

function unreachable({ message, hint }: RemoteTrouble) {
  return { kind: 'unreachable', message, hint } as const;
}

/** The line of the porcelain that tells why, else what the remote printed. */
function refusalIn(stdout: string, stderr: string): string {
  const rejected = /^!\t[^\t]*\t(.*)$/m.exec(stdout)?.[1];
  const remote = [...stderr.matchAll(/^remote: (.+)$/gm)].map(([, line = '']) => line.trim());
  const words = [rejected ?? stderr.split('\n')[0] ?? '', ...remote.slice(0, 3)];
  return sanitizeLine(words.filter((text) => text !== '').join('; '), 300);
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
