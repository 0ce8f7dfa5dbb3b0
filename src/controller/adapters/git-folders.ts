import type { Revision } from '../../model/names.ts';
import type { GitProcess } from './git-process.ts';

export interface FolderEntry {
  readonly mode: string;
  readonly id: string;
}

/** One tree object: name → entry. Names are bytes to git, so they are kept as such: see `entryName`. */
export type Folder = Map<string, FolderEntry>;

export const FOLDER_MODE = '40000';

/** The key of a name in a `Folder`: its bytes, one a character. */
export function entryName(name: string): string {
  return Buffer.from(name).toString('latin1');
}

/**
 * Reads folders of a commit, '' for its root, with one `cat-file`. One that is not there is empty.
 *
 * @throws Error when the commit or a folder's object is missing, or something else has the name of a folder.
 */
export async function readFolders(
  git: GitProcess,
  revision: Revision,
  names: readonly string[],
): Promise<{ readonly root: string; readonly folders: ReadonlyMap<string, Folder> }> {
  const wanted = names.map((name) => (name === '' ? `${revision}^{tree}` : `${revision}:${name}`));
  const chunks: Uint8Array[] = [];
  const output = git.open(['cat-file', '--batch', '--buffer'], `${wanted.join('\n')}\n`);
  for await (const chunk of output) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const folders = new Map<string, Folder>();
  const absent = new Set<string>();
  let root: string | null = null;
  let at = 0;
  for (const name of names) {
    const end = bytes.indexOf('\n', at);
    const header = bytes.toString('utf8', at, end);
    const [, id, size] = /^([0-9a-f]+) tree (\d+)$/.exec(header) ?? [];
    at = end + 1;
    if (id === undefined) {
      // Git tells of a file with its content; of what is missing there is a line alone.
      at += Number(/ \w+ (\d+)$/.exec(header)?.[1] ?? -1) + 1;
      absent.add(name);
      folders.set(name, new Map());
      continue;
    }
    if (name === '') root = id;
    folders.set(name, parseTree(bytes.subarray(at, at + Number(size)), revision.length / 2));
    at += Number(size) + 1;
  }
  if (root === null) throw new Error(`${revision} is no commit here`);
  for (const name of absent) mustNotExist(name, folders);
  return { root, folders };
}

/** The content of a tree object: in git's order, where a folder is compared as if its name ended with a slash. */
export function treeContent(folder: Folder): Uint8Array {
  const entries = [...folder].map(([name, { mode, id }]) => ({
    key: Buffer.from(isFolder(mode) ? `${name}/` : name, 'latin1'),
    bytes: Buffer.concat([Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.from(id, 'hex')]),
  }));
  entries.sort((a, b) => Buffer.compare(a.key, b.key));
  return Buffer.concat(entries.map(({ bytes }) => bytes));
}

/** Very old programs wrote it with a leading zero. */
function isFolder(mode: string): boolean {
  return Number.parseInt(mode, 8) === Number.parseInt(FOLDER_MODE, 8);
}

function parseTree(bytes: Buffer, idBytes: number): Folder {
  const folder: Folder = new Map();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(' ', at);
    const end = bytes.indexOf(0, space);
    const mode = bytes.toString('latin1', at, space);
    at = end + 1 + idBytes;
    const name = bytes.toString('latin1', space + 1, end);
    folder.set(name, { mode, id: bytes.toString('hex', end + 1, at) });
  }
  return folder;
}

/** What could not be read as a folder must not be there: its content would be lost. */
function mustNotExist(name: string, folders: ReadonlyMap<string, Folder>): void {
  const slash = name.lastIndexOf('/');
  const above = folders.get(slash === -1 ? '' : name.slice(0, slash));
  if (above?.has(entryName(name.slice(slash + 1)))) {
    throw new Error(`${name} is no folder that can be read`);
  }
}
