import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './error-code.ts';
import type { QueueFiles } from './queue-files.ts';
import { readBounded } from './read-bounded.ts';
import { watchFolder } from './watch-folder.ts';

/** The queue's files on a real file system. */
export const diskQueueFiles: QueueFiles = {
  async list(folder) {
    try {
      return (await readdir(folder)).sort();
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errorCode(error) ?? '')) return [];
      throw error;
    }
  },
  read: readBounded,
  async stamp(path) {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await lstat(path, { bigint: true });
      return [dev, ino, size, mtimeNs, ctimeNs].join(':');
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errorCode(error) ?? '')) return null;
      throw error;
    }
  },
  async publish(path, text) {
    await withTemporary(path, text, (temporary) => rename(temporary, path));
    await flushFolder(dirname(path));
  },
  async publishOnce(path, text) {
    try {
      await withTemporary(path, text, (temporary) => link(temporary, path));
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    }
    await flushFolder(dirname(path));
    return true;
  },
  async moveInto(path, folder) {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    // Whoever can write to the queue could put a link there at any moment, to make us write somewhere else: the folder
    // that was opened is the one that is moved into, whatever its name comes to mean.
    const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
    await using held = await open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch((error) => {
      throw new Error(`${folder} is not a folder`, { cause: error });
    });
    try {
      await rename(path, join(pathOf(held, folder), basename(path)));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
    return true;
  },
  async makeFolder(folder) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  },
  remove: (path) => rm(path, { force: true }),
  watch: watchFolder,
};

/** A path to the very folder that is open. Only Linux has one; elsewhere its name must do. */
function pathOf({ fd }: FileHandle, folder: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${fd}` : folder;
}

/** Writes and flushes a file beside `path`, hands it to `place`, and leaves nothing behind. */
async function withTemporary(
  path: string,
  text: string,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const suffix = `${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
  const temporary = join(dirname(path), `.${basename(path)}.${suffix}`);
  try {
    await using file = await open(temporary, 'wx', 0o644);
    // The other side of the queue may be another user: the folder decides who gets here, not the umask.
    await file.chmod(0o644);
    await file.writeFile(text, 'utf8');
    await file.sync();
    await place(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Makes the new name itself survive a crash; file systems that cannot flush a folder are left alone. */
async function flushFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, constants.O_RDONLY);
    await handle.sync();
  } catch (error) {
    if (errorCode(error) !== 'EINVAL' && errorCode(error) !== 'EPERM') throw error;
  }
}
