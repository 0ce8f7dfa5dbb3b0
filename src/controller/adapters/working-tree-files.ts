import type { Stats } from 'node:fs';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeFile } from '../../desired/tree-file.ts';
import { gitProcess } from './git-process.ts';

/**
 * The files of a folder as they lie in the working tree, in the form that a commit of them would have: ignored files
 * are left out, links are links. Paths are relative to the folder. Null where the repository has no working tree.
 */
export async function readWorkingTree(
  repository: string,
  folder: string,
): Promise<ReadonlyMap<string, TreeFile> | null> {
  const top = await gitProcess(repository).run(['rev-parse', '--show-toplevel']);
  if (top.exitCode !== 0) return null;
  const root = top.stdout.replace(/\n$/, '');
  const listed = await gitProcess(root).must([
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--',
    folder,
  ]);
  const paths = [...new Set(listed.split('\0'))].filter((path) => path !== '').sort();
  const files = new Map<string, TreeFile>();
  for (const path of paths) {
    const file = await readEntry(join(root, path));
    if (file !== null) files.set(path.slice(folder.length + 1), file);
  }
  return files;
}

async function readEntry(path: string): Promise<TreeFile | null> {
  const stats: Stats | null = await lstat(path).catch(() => null);
  if (stats?.isSymbolicLink()) {
    return { mode: '120000', bytes: new TextEncoder().encode(await readlink(path)) };
  }
  if (stats?.isDirectory()) return { mode: '160000', bytes: new Uint8Array() };
  if (!stats?.isFile()) return null;
  const mode = (stats.mode & 0o111) === 0 ? '100644' : '100755';
  return { mode, bytes: await readFile(path) };
}
