import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock, Random } from '../../model/clock.ts';
import type { RemoteSettings } from '../host-config.ts';
import type { Git, SourceProblem } from '../ports/git.ts';
import type { Secrets } from '../ports/secrets.ts';
import { FollowedRemote } from './followed-remote.ts';
import { openGit } from './git.ts';
import { branchTip } from './git-commit.ts';
import { gitProcess } from './git-process.ts';
import { currentBranch, missingBranch } from './git-source.ts';
import type { TrustOptions } from './git-trust.ts';
import { readJson, writeJson } from './json-file.ts';
import { RemoteTransport } from './remote-transport.ts';
import { followWhileWatched } from './remote-watch.ts';

export interface RemoteGitOptions {
  readonly remote: RemoteSettings;
  /** Null follows the branch that the remote itself names. */
  readonly branch: string | null;
  readonly folder: string;
  readonly trust: TrustOptions | null;
  /** Holds the mirrors of all remotes of this host. */
  readonly directory: string;
  readonly secrets: Pick<Secrets, 'values' | 'versions'>;
  readonly clock: Clock;
  readonly random: Random;
}

export type OpenedRemote =
  | {
      readonly ok: true;
      readonly git: Git;
      /** The mirror alone, as it was left: for what must not wait for the remote. */
      readonly mirror: Git;
      /** Folder of the mirror. */
      readonly path: string;
    }
  | { readonly ok: false; readonly problem: SourceProblem };

/** A command that asks twice within this is not made to wait for the remote twice. */
const ASKED_AGAIN_MS = 2_000;
const contactSchema = z.object({ atMs: z.number() });

/**
 * Follows a branch of a remote by a bare mirror of ours. What is read is read there; a commit is on the branch once the
 * remote has it. The remote has to answer the first time; later what it said last serves while it does not.
 */
export async function openRemoteGit(options: RemoteGitOptions): Promise<OpenedRemote> {
  const { remote, clock, random, folder, trust, secrets } = options;
  const id = createHash('sha256').update(`${remote.url}\0${options.branch}`).digest('hex');
  const base = join(options.directory, id.slice(0, 32));
  const path = join(base, 'mirror.git');
  await mkdir(path, { recursive: true, mode: 0o700 });
  const process = gitProcess(path);
  const calls = new AbortController();
  const transport = new RemoteTransport(process, remote, { secrets, signal: calls.signal });
  const prepared = await prepareMirror(path, transport, options);
  if (!prepared.ok) return prepared;
  const { branch } = prepared;
  const contactFile = join(base, 'contact.json');
  const followed = new FollowedRemote({
    git: process,
    transport,
    url: remote.url,
    branch,
    clock,
    random,
    contactedAtMs: contactSchema.safeParse(await readJson(contactFile)).data?.atMs ?? null,
    // Only for people to read: a disk that does not take it shows elsewhere.
    onContact: (atMs) => void writeJson(contactFile, { atMs }).catch(() => undefined),
  });
  if ((await branchTip(process, `refs/heads/${branch}`)) === null) {
    const looked = await followed.look();
    const problem = looked.ok ? followed.problem() : { kind: 'unreadable' as const, ...looked };
    if (problem !== null) return { ok: false, problem };
  }
  const opened = await openGit({ repository: path, branch, folder, trust, upstream: followed });
  if (!opened.ok) return opened;
  const mirror = opened.git;
  let isWatched = false;
  const git: Git = {
    ...mirror,
    repository: remote.url,
    remote: () => followed.state(),
    async resolve() {
      // Without a controller that follows it, the remote is asked when somebody wants to know.
      if (!isWatched && !followed.wasTriedWithin(ASKED_AGAIN_MS)) await followed.look();
      const problem = followed.problem();
      return problem === null ? mirror.resolve() : { kind: 'problem', problem };
    },
    async watch(onHint, signal) {
      if (signal.aborted) return;
      isWatched = true;
      signal.addEventListener('abort', () => calls.abort(), { once: true });
      await mirror.watch(onHint, signal);
      await followWhileWatched(followed, { ...options, onHint, signal });
    },
  };
  return { ok: true, git, mirror, path };
}

/** Makes the mirror on first need, in the remote's object format, on the branch that is followed. */
async function prepareMirror(
  path: string,
  transport: RemoteTransport,
  { remote, branch }: RemoteGitOptions,
): Promise<
  | { readonly ok: true; readonly branch: string }
  | { readonly ok: false; readonly problem: SourceProblem }
> {
  const git = gitProcess(path);
  const isMade = (await git.run(['rev-parse', '--resolve-git-dir', '.'])).exitCode === 0;
  const known = isMade ? await currentBranch(git, path) : null;
  if (known !== null) return { ok: true, branch: known };
  const asked = await transport.ask(branch);
  if (!asked.ok) return { ok: false, problem: { kind: 'unreadable', ...asked } };
  const { head, tips } = asked.value;
  const followed = branch ?? head;
  const tip = followed === null ? undefined : tips.get(followed);
  if (followed === null || tip === undefined) {
    return { ok: false, problem: missingBranch(remote.url, followed) };
  }
  const format = tip.length === 64 ? 'sha256' : 'sha1';
  const options = ['--quiet', '--bare', `--initial-branch=${followed}`];
  await git.must(['init', ...options, `--object-format=${format}`, '.']);
  return { ok: true, branch: followed };
}
