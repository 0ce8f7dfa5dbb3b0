import { createHash } from 'node:crypto';
import { lstat, mkdir, open, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { writeFileAtomically } from './atomic-file.ts';
import { type ChangedFile, indexLine } from './git-changed-file.ts';
import { withoutFilters } from './git-filters.ts';
import type { GitProcess } from './git-process.ts';
import { removeAbandoned } from './temporary-file.ts';

/**
 * Lets the working tree that is on the branch follow a commit, file by file, where a file is clean: its bytes and its
 * index entry are those of the parent. After a process that `died` its index entry may be the commit's already, because
 * the index goes first: a crash in between then looks like an edit, not like a staged one.
 *
 * Gives the paths that were not clean, and so were left as the operator has them.
 */
export async function bringToWorkingTree(
  git: GitProcess,
  ref: string,
  files: readonly ChangedFile[],
  { died = false }: { readonly died?: boolean } = {},
): Promise<readonly string[]> {
  const root = files.length === 0 ? null : await checkedOutAt(git, ref);
  if (root === null) return [];
  const staged = await stagedEntries(git, root, files);
  const clean: ChangedFile[] = [];
  for (const file of files) {
    const { path, before, after } = file;
    if (died) await removeAbandoned(dirname(join(root, path)), (name) => name === basename(path));
    const entry = staged.get(path);
    const isExpected = entry === entryText(before) || (died && entry === entryText(after));
    // What cannot be read is not known to be clean: the commit is made, whatever lies there.
    if (isExpected && (await hasBytesOf(root, file).catch(() => false))) clean.push(file);
  }
  const input = clean.map(indexLine).join('');
  const options = { cwd: root, env: await withoutFilters(git, root) };
  const indexed =
    clean.length > 0 &&
    (await git.run(['update-index', '-z', '--index-info'], { ...options, input })).exitCode === 0;
  const updated = new Set<ChangedFile>();
  for (const file of indexed ? clean : []) if (await writeFile(root, file)) updated.add(file);
  if (updated.size > 0) await git.run(['update-index', '-q', '--refresh'], options);
  return files.filter((file) => !updated.has(file)).map(({ path }) => path);
}

/** Root of the working tree, main or linked, that is on the branch; null during a rebase and in a bare repository. */
async function checkedOutAt(git: GitProcess, ref: string): Promise<string | null> {
  const { stdout } = await git.run(['worktree', 'list', '--porcelain']);
  const found = stdout.split('\n\n').find((block) => block.split('\n').includes(`branch ${ref}`));
  const [first = ''] = found?.split('\n') ?? [];
  return first.startsWith('worktree ') ? first.slice('worktree '.length) : null;
}

/** Path → all its index entries as one text, so that a conflict never equals a single entry. */
async function stagedEntries(
  git: GitProcess,
  root: string,
  files: readonly ChangedFile[],
): Promise<ReadonlyMap<string, string>> {
  const paths = files.map(({ path }) => path);
  const { stdout } = await git.run(['ls-files', '-s', '-z', '--', ...paths], { cwd: root });
  const entries = new Map<string, string>();
  for (const line of stdout.split('\0')) {
    const tab = line.indexOf('\t');
    if (tab === -1) continue;
    const path = line.slice(tab + 1);
    entries.set(path, `${entries.get(path) ?? ''}${line.slice(0, tab)}\n`);
  }
  return entries;
}

function entryText(file: ChangedFile['before']): string | undefined {
  return file === null ? undefined : `${file.mode} ${file.id} 0\n`;
}

/** Whether the file on disk is the parent's: absent, or a regular file of these bytes below real folders. */
async function hasBytesOf(root: string, { path, before }: ChangedFile): Promise<boolean> {
  if (!(await isBelowRealFolders(root, path))) return false;
  const stats = await lstat(join(root, path)).catch(absent);
  if (before === null || stats === null) return before === null && stats === null;
  if (!stats.isFile()) return false;
  return (await blobId(join(root, path), before.id.length)) === before.id;
}

async function isBelowRealFolders(root: string, path: string): Promise<boolean> {
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    const stats = await lstat(join(root, folder)).catch(absent);
    if (stats !== null && !stats.isDirectory()) return false;
  }
  return true;
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
  throw error;
}

/** Git's object id of a file as it lies there; no filter is run, so a converted file counts as not clean. */
async function blobId(path: string, idLength: number): Promise<string> {
  await using file = await open(path);
  const content = await file.readFile();
  return createHash(idLength === 64 ? 'sha256' : 'sha1')
    .update(`blob ${content.length}\0`)
    .update(content)
    .digest('hex');
}

async function writeFile(root: string, { path, after }: ChangedFile): Promise<boolean> {
  const target = join(root, path);
  try {
    if (after === null) {
      await rm(target, { force: true });
      await removeEmptyFolders(root, dirname(target));
      return true;
    }
    await mkdir(dirname(target), { recursive: true });
    const mode = (await lstat(target).catch(absent))?.mode;
    const fresh = (after.mode === '100755' ? 0o777 : 0o666) & ~process.umask();
    await writeFileAtomically(target, after.text, {
      mode: mode === undefined ? fresh : mode & 0o777,
    });
    return true;
  } catch {
    return false;
  }
}

/** As git does when the last file of a folder goes. */
async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  if (relative(root, folder) === '') return;
  const removed = await rmdir(folder).then(
    () => true,
    () => false,
  );
  if (removed) await removeEmptyFolders(root, dirname(folder));
}
