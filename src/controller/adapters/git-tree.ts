import type { TreeFile } from '../../desired/tree-file.ts';
import type { Revision } from '../../model/names.ts';
import { parseBatch } from './git-blobs.ts';
import type { ChangedFile } from './git-changed-file.ts';
import type { GitProcess } from './git-process.ts';

/** One byte more than the loader accepts: enough for it to see that a file is too large. */
const KEEP_BYTES_PER_FILE = 1024 * 1024 + 1;
const KEEP_BYTES = 64 * 1024 * 1024;

/** Reads whole trees; remembers the last one, since the next commit shares nearly all of them. */
export interface TreeReader {
  /**
   * All blobs below `folder` of `revision`, by path. A file over 1 MiB is cut after 1 MiB and one byte.
   *
   * @throws Error when the tree holds more than 64 MiB, or an object is missing.
   */
  read(revision: Revision, folder: string): Promise<ReadonlyMap<string, TreeFile>>;
  /**
   * Takes the files of a commit made here from those of its parent, when they are remembered, so that they are not read
   * again. False when it is not known then whether the commit has the folder.
   */
  derive(
    commit: { readonly parent: Revision; readonly revision: Revision },
    folder: string,
    changed: readonly ChangedFile[],
  ): boolean;
}

interface TreeEntry {
  readonly mode: TreeFile['mode'];
  readonly id: string;
  readonly path: string;
}

/** Reads trees with one `ls-tree` and at most one `cat-file --batch`, however many files there are. */
export function treeReader(git: GitProcess): TreeReader {
  let remembered: ReadonlyMap<string, Uint8Array> = new Map();
  let last: { readonly name: string; readonly files: ReadonlyMap<string, TreeFile> } | null = null;
  return {
    async read(revision, folder) {
      if (last?.name === treeish(revision, folder)) return last.files;
      const listing = await git.must(['ls-tree', '-r', '-z', treeish(revision, folder)]);
      const entries = listing.split('\0').flatMap(parseEntry);
      const blobs = await readBlobs(git, entries, remembered);
      remembered = blobs;
      const files = new Map(
        entries.map(({ path, mode, id }) => [
          path,
          { mode, bytes: blobs.get(id) ?? new Uint8Array() },
        ]),
      );
      last = { name: treeish(revision, folder), files };
      return files;
    },
    derive({ parent, revision }, folder, changed) {
      if (last?.name !== treeish(parent, folder)) return false;
      const files = changedFiles(last.files, folder, changed);
      if (files === null) return false;
      last = { name: treeish(revision, folder), files };
      return files.size > 0;
    },
  };
}

/** What reading the new tree would give, in git's order; null where it would be cut or refused. */
function changedFiles(
  before: ReadonlyMap<string, TreeFile>,
  folder: string,
  changed: readonly ChangedFile[],
): ReadonlyMap<string, TreeFile> | null {
  const prefix = folder === '' || folder === '.' ? '' : `${folder}/`;
  const files = new Map(before);
  for (const { path, after } of changed) {
    if (!path.startsWith(prefix)) continue;
    const name = path.slice(prefix.length);
    if (after === null) files.delete(name);
    else
      files.set(name, { mode: parseMode(after.mode), bytes: new TextEncoder().encode(after.text) });
  }
  const sizes = [...files.values()].map(({ bytes }) => bytes.length);
  const isWhole = sizes.every((size) => size < KEEP_BYTES_PER_FILE);
  if (!isWhole || sizes.reduce((sum, size) => sum + size, 0) > KEEP_BYTES) return null;
  const inOrder = [...files].map((file) => ({ key: Buffer.from(file[0]), file }));
  return new Map(inOrder.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ file }) => file));
}

/** `<commit>:<folder>`, or the commit where the folder is the repository's root. */
export function treeish(revision: string, folder: string): string {
  return folder === '' || folder === '.' ? revision : `${revision}:${folder}`;
}

function parseEntry(raw: string): TreeEntry[] {
  const match = /^(100644|100755|100664|120000|160000) \w+ ([0-9a-f]+)\t(.+)$/s.exec(raw);
  const [, mode, id, path] = match ?? [];
  if (mode === undefined || id === undefined || path === undefined) return [];
  return [{ mode: parseMode(mode), id, path }];
}

/** Old repositories hold group-writable 100664, which git itself reads as 100644. */
function parseMode(raw: string): TreeFile['mode'] {
  return raw === '100755' || raw === '120000' || raw === '160000' ? raw : '100644';
}

async function readBlobs(
  git: GitProcess,
  entries: readonly TreeEntry[],
  known: ReadonlyMap<string, Uint8Array>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  // A submodule's commit is in another repository; the loader refuses it by its mode.
  const ids = new Set(entries.filter(({ mode }) => mode !== '160000').map(({ id }) => id));
  const blobs = new Map<string, Uint8Array>();
  let kept = 0;
  const keep = (id: string, bytes: Uint8Array) => {
    kept += bytes.length;
    if (kept > KEEP_BYTES) throw new Error('the desired-state folder holds more than 64 MiB');
    blobs.set(id, bytes);
  };
  const unknown: string[] = [];
  for (const id of ids) {
    const bytes = known.get(id);
    if (bytes === undefined) unknown.push(id);
    else keep(id, bytes);
  }
  if (unknown.length === 0) return blobs;
  const output = git.open(['cat-file', '--batch', '--buffer'], `${unknown.join('\n')}\n`);
  for await (const { id, bytes } of parseBatch(output, KEEP_BYTES_PER_FILE)) keep(id, bytes);
  return blobs;
}
