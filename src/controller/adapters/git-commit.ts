import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseRevision, type Revision } from '../../model/names.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { CommitOutcome, CommitRequest } from '../ports/git.ts';
import { authorVariables, type GitAuthor, gitAuthor } from './git-author.ts';
import { type ChangedFile, indexLine, isTreePath } from './git-changed-file.ts';
import type { GitProcess } from './git-process.ts';
import { checkedOutAt, updateWorkingTree } from './git-working-tree.ts';

const REF_LOCK_ATTEMPTS = 20;
const MAX_TRAILER_LENGTH = 4000;

/**
 * Makes a commit by plumbing, through an index of its own in a temporary folder:
 *
 *   objects → tree → commit → update-ref <new> <parent> (compare-and-swap) → working tree where it is clean
 *
 * A crash before `update-ref` leaves unreferenced objects, which git collects. A crash after it leaves the commit in
 * force and the operator's working tree behind it, as after a push into a checked-out branch; `git restore` catches up.
 *
 * @throws Error when a path cannot be in a tree, or the branch was deleted meanwhile.
 */
export async function commitByPlumbing(
  git: GitProcess,
  ref: string,
  request: CommitRequest,
): Promise<CommitOutcome> {
  const [tip, author, workingTree] = await Promise.all([
    branchTip(git, ref),
    gitAuthor(git),
    checkedOutAt(git, ref),
  ]);
  if (tip !== request.parent) return moved(tip, ref);
  const { tree, files } = await writeTree(git, request);
  const revision = await writeCommit(git, { tree, author, request });
  const failure = await swap(git, ref, revision, request);
  if (failure !== null) return failure;
  const leftInWorkingTree =
    workingTree === null ? [] : await updateWorkingTree(git, workingTree, files);
  return { kind: 'committed', revision, leftInWorkingTree };
}

/** The branch's commit, or null when there is no such branch. */
export async function branchTip(git: GitProcess, ref: string): Promise<Revision | null> {
  const { stdout } = await git.run(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  return parseRevision(stdout.trim()) ?? null;
}

async function writeTree(
  git: GitProcess,
  request: CommitRequest,
): Promise<{ readonly tree: string; readonly files: readonly ChangedFile[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'bb-index-'));
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  try {
    const [files] = await Promise.all([
      changedFiles(git, request),
      git.must(['read-tree', request.parent], { env }),
    ]);
    if (files.length > 0) {
      const input = files.map(indexLine).join('');
      await git.must(['update-index', '-z', '--index-info'], { env, input });
    }
    const tree = (await git.must(['write-tree'], { env })).trim();
    return { tree, files };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function changedFiles(git: GitProcess, request: CommitRequest): Promise<ChangedFile[]> {
  const paths = [...request.changes.keys()];
  if (paths.length === 0) return [];
  const refused = paths.find((path) => !isTreePath(path));
  if (refused !== undefined) throw new Error(`${sanitizeLine(refused)} is no path of a tree`);
  const listing = await git.must(['ls-tree', '-z', request.parent, '--', ...paths]);
  const before = new Map(listing.split('\0').flatMap(parseBefore));
  return Promise.all(
    [...request.changes].map(async ([path, text]): Promise<ChangedFile> => {
      const old = before.get(path) ?? null;
      if (old !== null && !old.mode.startsWith('100')) {
        throw new Error(`${path} is not a regular file in ${request.parent}`);
      }
      if (text === null) return { path, before: old, after: null };
      const id = await git.must(['hash-object', '-w', '--stdin'], { input: text });
      return { path, before: old, after: { id: id.trim(), mode: old?.mode ?? '100644', text } };
    }),
  );
}

function parseBefore(raw: string): [path: string, entry: { mode: string; id: string }][] {
  const [, mode, id, path] = /^(\d{6}) \w+ ([0-9a-f]+)\t(.+)$/s.exec(raw) ?? [];
  return mode === undefined || id === undefined || path === undefined ? [] : [[path, { mode, id }]];
}

async function writeCommit(
  git: GitProcess,
  content: { readonly tree: string; readonly author: GitAuthor; readonly request: CommitRequest },
): Promise<Revision> {
  const { tree, request } = content;
  const env = authorVariables(content.author);
  const args = ['commit-tree', tree, '-p', request.parent];
  const id = (await git.must(args, { env, input: commitMessage(request) })).trim();
  const revision = parseRevision(id);
  if (revision === undefined) throw new Error(`git commit-tree gave "${id}"`);
  return revision;
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
  revision: Revision,
  { parent, subject }: CommitRequest,
): Promise<CommitOutcome | null> {
  const log = `bb: ${sanitizeLine(subject)}`;
  for (let attempt = 1; ; attempt += 1) {
    const { exitCode, stderr } = await git.run(['update-ref', '-m', log, ref, revision, parent]);
    if (exitCode === 0) return null;
    const tip = await branchTip(git, ref);
    if (tip !== parent) return moved(tip, ref);
    // The branch is where it was: another git holds its lock for a moment.
    if (attempt === REF_LOCK_ATTEMPTS) throw new Error(`${ref} stays locked: ${stderr.trim()}`);
    await delay(10 * attempt);
  }
}

function moved(tip: Revision | null, ref: string): CommitOutcome {
  if (tip === null) throw new Error(`${ref} does not exist`);
  return { kind: 'moved', tip };
}
