import type { Revision } from '../../model/names.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { CommitRequest } from '../ports/git.ts';
import { type ChangedFile, isTreePath } from './git-changed-file.ts';
import {
  entryName,
  FOLDER_MODE,
  type Folder,
  type FolderEntry,
  readFolders,
  treeContent,
} from './git-folders.ts';
import { type GitObject, objectId } from './git-pack.ts';
import type { GitProcess } from './git-process.ts';

/** A tree that is the parent's with some files changed, and what has to be written for it. */
export interface NewTree {
  readonly tree: string;
  readonly objects: readonly GitObject[];
  readonly files: readonly ChangedFile[];
}

/** The tree of a commit, changed again and again: its folders are read when a change is first about them. */
export class ChangingTree {
  readonly #git: GitProcess;
  readonly #base: Revision;
  readonly #folders = new Map<string, Folder>();
  #root: string | null = null;

  constructor(git: GitProcess, base: Revision) {
    this.#git = git;
    this.#base = base;
  }

  /**
   * Computes the tree with some files changed. Writes nothing.
   *
   * @throws Error when a path cannot be in a tree, or is no regular file there.
   */
  async change(changes: CommitRequest['changes']): Promise<NewTree> {
    const refused = [...changes.keys()].find((path) => !isTreePath(path));
    if (refused !== undefined) throw new Error(`${sanitizeLine(refused)} is no path of a tree`);
    const names = new Set(['', ...[...changes.keys()].flatMap(foldersAbove)]);
    const root = await this.#read([...names]);
    const folders = this.#folders;
    const objects: GitObject[] = [];
    const files: ChangedFile[] = [];
    const write = (object: GitObject): string => {
      objects.push(object);
      return objectId(object, this.#base.length);
    };
    for (const [path, text] of changes) {
      const file = changedFile(path, text, { folders, parent: this.#base, write });
      files.push(file);
      setEntry(folders, path, file.after);
    }
    if (files.length === 0) return { tree: root, objects, files };
    // The deepest first: a folder's id is part of the one above it.
    const deepestFirst = [...names]
      .filter((name) => name !== '')
      .sort((one, other) => depth(other) - depth(one));
    for (const name of deepestFirst) {
      const folder = folders.get(name);
      if (folder === undefined) continue;
      mustBeFolder(folders, name);
      if (folder.size === 0) setEntry(folders, name, null);
      else {
        const id = write({ type: 'tree', content: treeContent(folder) });
        setEntry(folders, name, { mode: FOLDER_MODE, id });
      }
    }
    this.#root = write({ type: 'tree', content: treeContent(folders.get('') ?? new Map()) });
    return { tree: this.#root, objects, files };
  }

  /** Reads what is not known yet, with one `cat-file`; gives the id of the root. */
  async #read(names: readonly string[]): Promise<string> {
    const isKnown = names.every((name) => this.#folders.has(name));
    if (isKnown && this.#root !== null) return this.#root;
    const read = await readFolders(this.#git, this.#base, names);
    for (const [name, folder] of read.folders) {
      if (!this.#folders.has(name)) this.#folders.set(name, folder);
    }
    this.#root ??= read.root;
    return this.#root;
  }
}

function changedFile(
  path: string,
  text: string | null,
  at: {
    readonly folders: ReadonlyMap<string, Folder>;
    readonly parent: string;
    readonly write: (object: GitObject) => string;
  },
): ChangedFile {
  const [above, name] = split(path);
  const before = at.folders.get(above)?.get(entryName(name)) ?? null;
  if (before !== null && !before.mode.startsWith('100')) {
    throw new Error(`${path} is not a regular file in ${at.parent}`);
  }
  if (text === null) return { path, before, after: null };
  const id = at.write({ type: 'blob', content: new TextEncoder().encode(text) });
  return { path, before, after: { id, mode: before?.mode ?? '100644', text } };
}

/** Null takes the entry away. */
function setEntry(
  folders: ReadonlyMap<string, Folder>,
  path: string,
  entry: FolderEntry | null,
): void {
  const [above, name] = split(path);
  const folder = folders.get(above);
  if (entry === null) folder?.delete(entryName(name));
  else folder?.set(entryName(name), { mode: entry.mode, id: entry.id });
}

/** A file that an earlier change put in the place of a folder would be lost. */
function mustBeFolder(folders: ReadonlyMap<string, Folder>, path: string): void {
  const [above, name] = split(path);
  const entry = folders.get(above)?.get(entryName(name));
  if (entry?.mode.startsWith('100')) throw new Error(`${path} is no folder`);
}

function foldersAbove(path: string): string[] {
  const [above] = split(path);
  return above === '' ? [] : [...foldersAbove(above), above];
}

function split(path: string): [folder: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [slash === -1 ? '' : path.slice(0, slash), path.slice(slash + 1)];
}

function depth(path: string): number {
  return path.split('/').length;
}
