import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseRevision, type Revision } from '../../model/names.ts';
import type { VerifySettings } from '../host-config.ts';
import type { Resolved, Signature, SourceProblem } from '../ports/git.ts';
import { fixFor, objectionTo } from '../signature-words.ts';
import type { GitProcess } from './git-process.ts';
import { readSignatures, type TrustedKeys } from './git-signatures.ts';
import { gnupgHome } from './gnupg-home.ts';
import { readJson, writeJson } from './json-file.ts';

/** Where the host says whom it trusts, and where is remembered how far that was checked. */
export interface TrustOptions {
  readonly verify: VerifySettings;
  /** Folder of ours, apart for each repository and branch. */
  readonly directory: string;
}

/** More commits than this at once are nobody's work of a day: `verify.since` says where to begin. */
const MAX_COMMITS = 10_000;

const recordSchema = z.object({ revision: z.string(), keys: z.string() });

/**
 * Decides whether this host applies what was committed: every commit that came since the last trusted one bears a
 * signature of somebody whom the host's own files name, merges and what they bring included. Without a last one the tip
 * itself must, or everything since `verify.since`.
 */
export class SourceTrust {
  readonly #git: GitProcess;
  readonly #options: TrustOptions | null;
  /** By the keys that they were judged with. */
  readonly #judged = new Map<string, SourceProblem | null>();
  #checking: Promise<unknown> = Promise.resolve();

  constructor(git: GitProcess, options: TrustOptions | null) {
    this.#git = git;
    this.#options = options;
  }

  get isVerified(): boolean {
    return this.#options !== null;
  }

  /** `resolved` when its commit is trusted, which is remembered from then on. */
  async follow(resolved: Resolved): Promise<Resolved> {
    if (this.#options === null || resolved.kind === 'problem') return resolved;
    const problem = await this.distrust(resolved.revision);
    if (problem !== null) return { kind: 'problem', problem };
    await this.#remember(resolved.revision, this.#options);
    return resolved;
  }

  /** One look at a time: what the one finds good the next one builds on. */
  readonly distrust = (revision: Revision): Promise<SourceProblem | null> => {
    const options = this.#options;
    if (options === null) return Promise.resolve(null);
    const checked = this.#checking.then(() => this.#check(revision, options));
    this.#checking = checked.catch(() => undefined);
    return checked;
  };

  async signatures(revisions: readonly Revision[]): Promise<readonly Signature[]> {
    const { keys } = await this.#keys();
    return readSignatures(this.#git, keys, revisions);
  }

  async last(): Promise<Revision | null> {
    if (this.#options === null) return null;
    const record = recordSchema.safeParse(await readJson(recordPath(this.#options)));
    const { id } = await this.#keys();
    const isKnown = record.success && record.data.keys === id;
    return isKnown ? (parseRevision(record.data.revision) ?? null) : null;
  }

  async #check(revision: Revision, options: TrustOptions): Promise<SourceProblem | null> {
    const { id, keys } = await this.#keys();
    const known = this.#judged.get(`${id} ${revision}`);
    if (known !== undefined) return known;
    const last = await this.last();
    const fresh = await this.#since(revision, last, options.verify.since);
    const problem = 'kind' in fresh ? fresh : await this.#judge(fresh, keys);
    this.#judged.set(`${id} ${revision}`, problem);
    return problem;
  }

  /** The commits whose signatures decide about `revision`. */
  async #since(
    revision: Revision,
    last: Revision | null,
    anchor: string | null,
  ): Promise<readonly Revision[] | SourceProblem> {
    const from = (await this.#exists(last)) ?? (await this.#exists(anchor));
    if (from === null && anchor !== null) {
      return problem(`verify.since of config.yaml names no commit here (${anchor})`, SINCE_HINT);
    }
    // A signature stands for all that led to its commit: the first one that is seen is enough.
    if (from === null) return [revision];
    const limit = `--max-count=${MAX_COMMITS + 1}`;
    const listed = await this.#git.must(['rev-list', limit, revision, `^${from}`, '--']);
    const commits = listed.split('\n').flatMap((id) => parseRevision(id) ?? []);
    if (commits.length <= MAX_COMMITS) return commits;
    return problem(
      `more than ${MAX_COMMITS} commits came since ${from.slice(0, 12)}, which is too many to verify`,
      SINCE_HINT,
    );
  }

  async #judge(commits: readonly Revision[], keys: TrustedKeys): Promise<SourceProblem | null> {
    const signatures = await readSignatures(this.#git, keys, commits);
    for (const [index, signature] of signatures.entries()) {
      const words = objectionTo(signature);
      if (words === null) continue;
      const id = (commits[index] ?? '').slice(0, 12);
      return problem(`commit ${id} ${words} and is not applied`, fixFor(signature));
    }
    return null;
  }

  async #remember(revision: Revision, options: TrustOptions): Promise<void> {
    const { id } = await this.#keys();
    if ((await this.last()) === revision) return;
    await writeJson(recordPath(options), { revision, keys: id });
  }

  async #exists(raw: string | null): Promise<string | null> {
    if (raw === null || !/^[^-\s][^\s\p{Cc}]*$/u.test(raw)) return null;
    const args = ['rev-parse', '--verify', '--quiet', `${raw}^{commit}`];
    const { exitCode, stdout } = await this.#git.run(args);
    return exitCode === 0 ? stdout.trim() : null;
  }

  /** Read each time: whom a person takes off the list is off it at once. `id` stands for the contents. */
  async #keys(): Promise<{ readonly id: string; readonly keys: TrustedKeys }> {
    const { allowedSigners, revokedKeys, keyring } = this.#options?.verify ?? NOBODY;
    const paths = [allowedSigners, revokedKeys, keyring];
    const contents = await Promise.all(
      paths.map((path) => (path === null ? new Uint8Array() : readFile(path))),
    );
    const ids = contents.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
    const ring = contents[2];
    const home = join(this.#options?.directory ?? '', '..', `keyring-${ids[2]?.slice(0, 32)}`);
    return {
      id: ids.join('-'),
      keys: {
        allowedSigners,
        revokedKeys,
        gnupgHome: keyring === null || ring === undefined ? null : await gnupgHome(home, ring),
      },
    };
  }
}

const NOBODY: VerifySettings = {
  allowedSigners: null,
  revokedKeys: null,
  keyring: null,
  since: null,
};

const SINCE_HINT = 'name the last commit that you have read yourself as verify.since there';

function recordPath({ directory }: TrustOptions): string {
  return join(directory, 'verified.json');
}

function problem(message: string, hint: string): SourceProblem {
  return { kind: 'untrusted', message, hint };
}
