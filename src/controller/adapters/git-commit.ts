import { setTimeout as delay } from 'node:timers/promises';
import { parseRevision, type Revision } from '../../model/names.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import type {
  CommitOutcome,
  CommitRefused,
  CommitRequest,
  SignPolicy,
  SourceProblem,
} from '../ports/git.ts';
import { authorVariables, type GitAuthor, gitAuthor } from './git-author.ts';
import type { ChangedFile } from './git-changed-file.ts';
import { ChangingTree } from './git-new-tree.ts';
import { type GitObject, objectId, packOf } from './git-pack.ts';
import type { GitProcess } from './git-process.ts';
import { SIGNER_LIMIT_MS, type Signer, signerFor } from './git-signer.ts';

const REF_LOCK_ATTEMPTS = 20;
const MAX_TRAILER_LENGTH = 4000;

type Moved = Extract<CommitOutcome, { readonly kind: 'moved' }>;

/** What has to be known of a host that verifies what it follows. */
export interface Vouching {
  /** Whether a commit that nobody signed would not be applied. */
  readonly isVerified: boolean;
  /** Why a commit would not be applied; null when it would. */
  readonly distrust: (revision: Revision) => Promise<SourceProblem | null>;
}

/** A commit object that no branch has yet, and what its working tree will have of it. */
export interface MadeCommit {
  readonly kind: 'made';
  readonly parent: Revision;
  readonly revision: Revision;
  readonly subject: string;
  readonly files: readonly ChangedFile[];
}

/** Makes commits one on the other: who makes and signs them, and the folders that they change, are looked up once. */
export class CommitMaker {
  readonly #git: GitProcess;
  readonly #vouching: Vouching;
  readonly #author: Promise<GitAuthor>;
  readonly #signers = new Map<SignPolicy, Promise<Signer | null>>();
  #tip: Revision;
  #tree: ChangingTree;

  constructor(git: GitProcess, base: Revision, vouching: Vouching) {
    this.#git = git;
    this.#vouching = vouching;
    this.#author = gitAuthor(git);
    this.#author.catch(() => undefined);
    this.#tip = base;
    this.#tree = new ChangingTree(git, base);
  }

  /** The newest commit that was made, or what the first is made on. */
  get tip(): Revision {
    return this.#tip;
  }

  /**
   * Writes the objects of a commit that this host would apply, without any index, and moves no branch: ids are computed
   * here, so that all objects are written at once.
   *
   * @throws Error when a path cannot be in a tree.
   */
  async make(request: Omit<CommitRequest, 'parent'>): Promise<MadeCommit | CommitRefused> {
    const parent = this.#tip;
    const made = await this.#make({ ...request, parent });
    if (made.kind === 'made') this.#tip = made.revision;
    // What was refused is not to be in the next one.
    else this.#tree = new ChangingTree(this.#git, parent);
    return made;
  }

  async #make(request: CommitRequest): Promise<MadeCommit | CommitRefused> {
    const git = this.#git;
    const { parent, subject } = request;
    const [author, { tree, objects, files }, signer] = await Promise.all([
      this.#author,
      this.#tree.change(request.changes),
      this.#signer(request.sign ?? 'auto'),
    ]);
    const idLength = parent.length;
    const commit: GitObject = { type: 'commit', content: commitContent(tree, author, request) };
    const written = signer === null ? [...objects, commit] : objects;
    if (written.length > 0) {
      await git.must(['unpack-objects', '-q'], { input: packOf(written, idLength) });
    }
    const id =
      signer === null
        ? objectId(commit, idLength)
        : await signedCommit(git, tree, { author, request, signer });
    if (typeof id !== 'string') return id;
    const revision = parseRevision(id);
    if (revision === undefined) throw new Error('the id of a commit is no revision');
    const vouching = this.#vouching;
    const problem = vouching.isVerified ? await vouching.distrust(revision) : null;
    if (problem === null) return { kind: 'made', parent, revision, subject, files };
    const message = `this host would not apply the commit: ${problem.message}`;
    return { kind: 'refused', message, hint: problem.hint };
  }

  #signer(policy: SignPolicy): Promise<Signer | null> {
    const known = this.#signers.get(policy);
    if (known !== undefined) return known;
    const signer = signerFor(this.#git, policy, this.#vouching.isVerified);
    this.#signers.set(policy, signer);
    return signer;
  }
}

/** The branch's commit, or null when there is no such branch. */
export async function branchTip(git: GitProcess, ref: string): Promise<Revision | null> {
  const { stdout } = await git.run(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  return parseRevision(stdout.trim()) ?? null;
}

/** The id of the commit as git itself signs it. */
async function signedCommit(
  git: GitProcess,
  tree: string,
  commit: {
    readonly author: GitAuthor;
    readonly request: CommitRequest;
    readonly signer: Signer;
  },
): Promise<string | CommitRefused> {
  const { author, request, signer } = commit;
  const args = [...signer.config, 'commit-tree', '-S', '-p', request.parent, '-F', '-', tree];
  const { exitCode, stdout, stderr } = await git.run(args, {
    input: commitMessage(request),
    env: { ...authorVariables(author), ...signer.env },
    timeoutMs: SIGNER_LIMIT_MS,
  });
  if (exitCode === 0) return stdout.trim();
  const said = sanitizeLine(stderr.trim().replace(/\s+/g, ' '), 300);
  return {
    kind: 'refused',
    message: `the commit could not be signed, so nothing was committed: ${said}`,
    hint: 'see user.signingKey and gpg.format of git here; a key that asks for a passphrase needs its agent',
  };
}

function commitContent(tree: string, author: GitAuthor, request: CommitRequest): Uint8Array {
  const who = `${author.name} <${author.email}> ${timestamp(new Date())}`;
  const lines = [`tree ${tree}`, `parent ${request.parent}`, `author ${who}`, `committer ${who}`];
  return new TextEncoder().encode(`${lines.join('\n')}\n\n${commitMessage(request)}`);
}

/** Seconds and the offset of the time zone, `+0130`. */
function timestamp(now: Date): string {
  const minutes = -now.getTimezoneOffset();
  const hours = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0');
  const rest = String(Math.abs(minutes) % 60).padStart(2, '0');
  return `${Math.floor(now.getTime() / 1000)} ${minutes < 0 ? '-' : '+'}${hours}${rest}`;
}

/** Subject, body, trailers. Trailers are a paragraph of their own, so no line of the body is ever read as one. */
function commitMessage({ subject, body, trailers }: CommitRequest): string {
  const lines = trailers.map(
    ([name, value]) => `${name}: ${sanitizeLine(value.replace(/\s+/g, ' '), MAX_TRAILER_LENGTH)}`,
  );
  return `${[sanitizeLine(subject), body.trim(), lines.join('\n')].filter((part) => part !== '').join('\n\n')}\n`;
}

/**
 * Moves the branch from `base` to `revision` by compare-and-swap, and makes the `marked` refs with it. Null when it is
 * there now.
 *
 * @throws Error when the branch was deleted meanwhile.
 */
export async function moveBranch(
  git: GitProcess,
  ref: string,
  move: {
    readonly base: Revision;
    readonly revision: Revision;
    readonly subject: string;
    readonly marked: readonly string[];
  },
): Promise<Moved | null> {
  const { base, revision, subject, marked } = move;
  const log = `bb: ${sanitizeLine(subject)}`;
  for (let attempt = 1; ; attempt += 1) {
    // Until the last line is read, nothing is changed.
    const input = ['start', `update ${ref} ${revision} ${base}`, ...marked, 'commit', ''];
    const { exitCode, stderr } = await git.run(['update-ref', '-m', log, '--stdin'], {
      input: input.join('\n'),
    });
    if (exitCode === 0) return null;
    const tip = await branchTip(git, ref);
    if (tip === null) throw new Error(`${ref} does not exist`);
    if (tip !== base) return { kind: 'moved', tip };
    // The branch is where it was: another git holds its lock for a moment.
    if (attempt === REF_LOCK_ATTEMPTS) throw new Error(`${ref} stays locked: ${stderr.trim()}`);
    await delay(10 * attempt);
  }
}
