import { setTimeout as delay } from 'node:timers/promises';
import { parseRevision, type Revision } from '../../model/names.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import type {
  CommitOutcome,
  CommitRefused,
  CommitRequest,
  CommitUnreachable,
  SourceProblem,
} from '../ports/git.ts';
import { authorVariables, type GitAuthor, gitAuthor } from './git-author.ts';
import type { ChangedFile } from './git-changed-file.ts';
import { markCommand } from './git-mark.ts';
import { newTree } from './git-new-tree.ts';
import { type GitObject, objectId, packOf } from './git-pack.ts';
import type { GitProcess } from './git-process.ts';
import { SIGNER_LIMIT_MS, type Signer, signerFor } from './git-signer.ts';

const REF_LOCK_ATTEMPTS = 20;
const MAX_TRAILER_LENGTH = 4000;

/** A commit that is on the branch, and what the working tree does not have of it yet. */
export type Plumbed =
  | {
      readonly kind: 'committed';
      readonly revision: Revision;
      readonly files: readonly ChangedFile[];
    }
  | Moved
  | CommitUnreachable
  | CommitRefused;

type Moved = Extract<CommitOutcome, { readonly kind: 'moved' }>;

/** A repository that has to have a commit before the branch here does. */
export interface Upstream {
  /** Gives it a commit that was made on `parent`, as long as its branch is there. */
  push(
    revision: Revision,
    parent: Revision,
  ): Promise<{ readonly kind: 'pushed' } | Moved | CommitUnreachable | CommitRefused>;
}

/** What has to be known of a host that verifies what it follows. */
export interface Vouching {
  /** Whether a commit that nobody signed would not be applied. */
  readonly isVerified: boolean;
  /** Why a commit would not be applied; null when it would. */
  readonly distrust: (revision: Revision) => Promise<SourceProblem | null>;
}

/** A commit object that no branch has yet, and what its working tree will have of it. */
type Made = Extract<Plumbed, { readonly kind: 'committed' }> | CommitRefused;

/**
 * Makes a commit by plumbing, without any index: ids are computed here, so that all objects are written at once.
 *
 *   read folders → objects → update-ref <new> <parent> (compare-and-swap)
 *
 * A crash before `update-ref` leaves unreferenced objects, which git collects. With the branch it makes a mark that the
 * operator's working tree is behind, so that a crash after it is made good by `catchUp`.
 *
 * With an upstream the commit goes there first: a crash after the push is made up for by the next fetch.
 *
 * @throws Error when a path cannot be in a tree, or the branch was deleted meanwhile.
 */
export async function commitByPlumbing(
  git: GitProcess,
  ref: string,
  request: CommitRequest,
  { vouching, upstream }: { readonly vouching: Vouching; readonly upstream: Upstream | null },
): Promise<Plumbed> {
  const made = await makeCommit(git, request, vouching);
  if (made.kind === 'refused') return made;
  const { revision, files } = made;
  if (upstream === null) {
    const marked = files.length === 0 ? [] : [markCommand(revision)];
    return (await swap(git, ref, { ...request, revision, marked })) ?? made;
  }
  const pushed = await upstream.push(revision, request.parent);
  if (pushed.kind !== 'pushed') return pushed;
  // A fetch that was faster brought this commit, and maybe more, already. No working tree follows a mirror.
  await swap(git, ref, { ...request, revision, marked: [] });
  return made;
}

/** Writes the objects of a commit that this host would apply, and moves no branch. */
async function makeCommit(
  git: GitProcess,
  request: CommitRequest,
  vouching: Vouching,
): Promise<Made> {
  const [author, { tree, objects, files }, signer] = await Promise.all([
    gitAuthor(git),
    newTree(git, request),
    signerFor(git, request.sign ?? 'auto', vouching.isVerified),
  ]);
  const idLength = request.parent.length;
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
  const problem = vouching.isVerified ? await vouching.distrust(revision) : null;
  if (problem !== null) {
    const message = `this host would not apply the commit: ${problem.message}`;
    return { kind: 'refused', message, hint: problem.hint };
  }
  return { kind: 'committed', revision, files };
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

/** Null when the branch now is at `revision`. */
async function swap(
  git: GitProcess,
  ref: string,
  {
    revision,
    parent,
    subject,
    marked,
  }: CommitRequest & { readonly revision: Revision; readonly marked: readonly string[] },
): Promise<Moved | null> {
  const log = `bb: ${sanitizeLine(subject)}`;
  for (let attempt = 1; ; attempt += 1) {
    // Until the last line is read, nothing is changed.
    const input = ['start', `update ${ref} ${revision} ${parent}`, ...marked, 'commit', ''];
    const { exitCode, stderr } = await git.run(['update-ref', '-m', log, '--stdin'], {
      input: input.join('\n'),
    });
    if (exitCode === 0) return null;
    const tip = await branchTip(git, ref);
    if (tip !== parent) return moved(tip, ref);
    // The branch is where it was: another git holds its lock for a moment.
    if (attempt === REF_LOCK_ATTEMPTS) throw new Error(`${ref} stays locked: ${stderr.trim()}`);
    await delay(10 * attempt);
  }
}

function moved(tip: Revision | null, ref: string): Moved {
  if (tip === null) throw new Error(`${ref} does not exist`);
  return { kind: 'moved', tip };
}
