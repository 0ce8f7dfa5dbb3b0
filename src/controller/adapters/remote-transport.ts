import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRevision, type Revision } from '../../model/names.ts';
import type { RemoteSettings } from '../host-config.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { GitExit, GitProcess } from './git-process.ts';
import { remoteCredential } from './remote-credential.ts';
import { type RemoteTrouble, remoteTrouble } from './remote-words.ts';

export type Reached<Value> =
  | { readonly ok: true; readonly value: Value }
  | ({ readonly ok: false } & RemoteTrouble);

/** What a remote says of its branches. */
export interface Advertised {
  /** The branch that it has checked out, so to speak; null where it has none. */
  readonly head: string | null;
  readonly tips: ReadonlyMap<string, Revision>;
}

/** A question takes seconds; the first copy of a long history, minutes. */
const ASK_LIMIT_MS = 20_000;
const MOVE_LIMIT_MS = 10 * 60_000;
/** Ends a transfer that has all but stopped. */
const SLOWEST = ['http.lowSpeedLimit=100', 'http.lowSpeedTime=20'];

/** Nothing is asked of a person, no other program is started, no other host is gone to. */
const SETTINGS = [
  ...SLOWEST,
  'http.followRedirects=false',
  'gc.autoDetach=false',
  'maintenance.autoDetach=false',
  'push.gpgSign=false',
  'submodule.recurse=false',
].flatMap((setting) => ['-c', setting]);

/**
 * Refuses a push unless the remote's branch still is at the commit that ours was made on. Git refuses on its own what
 * is no fast-forward; a branch that somebody set back to an older commit on purpose is one, and must not get back what
 * was taken off it.
 */
const PRE_PUSH = `#!/bin/sh
while read -r _ _ _ theirs; do test "$theirs" = "$BB_PARENT" || exit 1; done
`;

/** Calls git for one remote from its mirror. Each call is bounded, and ended by `signal`. */
export class RemoteTransport {
  readonly #git: GitProcess;
  readonly #settings: RemoteSettings;
  readonly #secrets: Pick<Secrets, 'values' | 'versions'>;
  readonly #signal: AbortSignal | undefined;

  constructor(
    git: GitProcess,
    settings: RemoteSettings,
    more: {
      readonly secrets: Pick<Secrets, 'values' | 'versions'>;
      readonly signal: AbortSignal | undefined;
    },
  ) {
    this.#git = git;
    this.#settings = settings;
    this.#secrets = more.secrets;
    this.#signal = more.signal;
  }

  /** Asks for one branch, or for all of them and which is the remote's own. */
  async ask(branch: string | null): Promise<Reached<Advertised>> {
    const { url } = this.#settings;
    const wanted = branch === null ? ['HEAD', 'refs/heads/*'] : [`refs/heads/${branch}`];
    const args = ['ls-remote', '--symref', url, ...wanted];
    const answer = await this.#call(args, ASK_LIMIT_MS);
    if (!answer.ok) return answer;
    const { exitCode, stdout, stderr } = answer.value;
    if (exitCode !== 0) return { ok: false, ...remoteTrouble(url, stderr) };
    return { ok: true, value: parseAdvertised(stdout) };
  }

  /** Brings the branch here, wherever it went; `tidy` lets git pack what has piled up, which may take a while. */
  async fetch(branch: string, { tidy }: { readonly tidy: boolean }): Promise<Reached<null>> {
    const { url } = this.#settings;
    const maintenance = tidy ? '--auto-maintenance' : '--no-auto-maintenance';
    const options = ['--quiet', '--no-tags', '--no-write-fetch-head', maintenance];
    const refspec = `+refs/heads/${branch}:refs/heads/${branch}`;
    const answer = await this.#call(['fetch', ...options, url, refspec], MOVE_LIMIT_MS);
    if (!answer.ok) return answer;
    const { exitCode, stderr } = answer.value;
    return exitCode === 0
      ? { ok: true, value: null }
      : { ok: false, ...remoteTrouble(url, stderr) };
  }

  /** Never by force; what came of it is for the caller to see in the remote's history. */
  async push(revision: Revision, branch: string, parent: Revision): Promise<Reached<GitExit>> {
    const hooks = await this.#hooks();
    const args = ['push', '--porcelain', '--quiet', '--no-follow-tags'];
    const refspec = `${revision}:refs/heads/${branch}`;
    return this.#call(
      ['-c', `core.hooksPath=${hooks}`, ...args, this.#settings.url, refspec],
      MOVE_LIMIT_MS,
      { BB_PARENT: parent },
    );
  }

  /** Whether the remote lets this host push at all; changes nothing. */
  async mayPush(): Promise<Reached<null>> {
    const { url } = this.#settings;
    // A branch that is not there, to be removed: whoever may not push is told so before that is noticed.
    const args = ['push', '--dry-run', '--quiet', url, ':refs/heads/bb-doctor-asks'];
    const answer = await this.#call(args, ASK_LIMIT_MS);
    if (!answer.ok) return answer;
    const { exitCode, stderr } = answer.value;
    const isAllowed = exitCode === 0 || /remote ref does not exist/.test(stderr);
    return isAllowed ? { ok: true, value: null } : { ok: false, ...remoteTrouble(url, stderr) };
  }

  async #call(
    args: readonly string[],
    timeoutMs: number,
    env: { readonly [name: string]: string } = {},
  ): Promise<Reached<GitExit>> {
    const credential = await remoteCredential(this.#settings, this.#secrets);
    if (!credential.ok) return credential;
    const { config, secretInput } = credential;
    const called = await this.#git.run([...SETTINGS, ...config, ...args], {
      timeoutMs,
      secretInput,
      signal: this.#signal,
      env: { ...sshEnvironment(), ...env },
    });
    return { ok: true, value: called };
  }

  async #hooks(): Promise<string> {
    const folder = join(this.#git.directory, 'bb-hooks');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(join(folder, 'pre-push'), PRE_PUSH, { mode: 0o700 });
    return folder;
  }
}

/** The keys of this user's agent count; nobody is asked for a passphrase, not even on a terminal. */
function sshEnvironment(): { readonly [name: string]: string } {
  const agent = process.env['SSH_AUTH_SOCK'];
  return {
    SSH_ASKPASS: 'false',
    SSH_ASKPASS_REQUIRE: 'force',
    ...(agent === undefined ? {} : { SSH_AUTH_SOCK: agent }),
  };
}

function parseAdvertised(stdout: string): Advertised {
  const tips = new Map<string, Revision>();
  let head: string | null = null;
  for (const line of stdout.split('\n')) {
    const [value = '', name = ''] = line.split('\t');
    if (name === 'HEAD') head = /^ref: refs\/heads\/(.+)$/.exec(value)?.[1] ?? head;
    const revision = parseRevision(value);
    if (revision !== undefined && name.startsWith('refs/heads/')) {
      tips.set(name.slice('refs/heads/'.length), revision);
    }
  }
  return { head, tips };
}
