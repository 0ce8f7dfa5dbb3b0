import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { temporaryPath } from './temporary-file.ts';

export interface AtomicWriteOptions {
  readonly mode: number;
  /** Given to the file before it gets its name; only root can. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * Writes a file so that a reader, also one after a crash, finds the old or the new content and never a part:
 * temporary file in the same folder → flush → rename → flush of the folder.
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions,
): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await writeDurably(temporary, content, options);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await flushFolder(dirname(path));
}

/** Writes a new file and flushes it. @throws when the path exists. */
export async function writeDurably(
  path: string,
  content: string | Uint8Array,
  { mode, owner }: AtomicWriteOptions,
): Promise<void> {
  await using file = await open(path, 'wx', mode);
  if (owner !== undefined) await file.chown(owner.uid, owner.gid);
  // The mode of `open` is cut by the umask.
  await file.chmod(mode);
  await file.writeFile(content);
  await file.sync();
}

/** Makes the names in a folder survive a power cut. */
export async function flushFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
