import { randomBytes } from 'node:crypto';
import { constants, type FSWatcher, watch } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FileRead, QueueFiles } from './queue-files.ts';

/** How often a folder is looked at although no event came: some mounts give none. */
const POLL_MS = 1_000;

/** The queue's files on a real file system. */
export const diskQueueFiles: QueueFiles = {
  async list(folder) {
    try {
      return (await readdir(folder)).sort();
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(error) ?? '')) return [];
      throw error;
    }
  },
  read: readBounded,
  async publish(path, text) {
    await withTemporary(path, text, (temporary) => rename(temporary, path));
    await flushFolder(dirname(path));
  },
  async publishOnce(path, text) {
    try {
      await withTemporary(path, text, (temporary) => link(temporary, path));
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
    await flushFolder(dirname(path));
    return true;
  },
  async moveInto(path, folder) {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    // Whoever can write to the queue could have put a link there, to make us write somewhere else.
    if (!(await lstat(folder)).isDirectory()) throw new Error(`${folder} is not a folder`);
    try {
      await rename(path, join(folder, basename(path)));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
    return true;
  },
  watch: watchFolder,
};

async function readBounded(path: string, maxBytes: number): Promise<FileRead> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile()) return { kind: 'refused', reason: 'is not a regular file' };
    if (stat.size > maxBytes)
      return { kind: 'refused', reason: `is larger than ${maxBytes} bytes` };
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
      if (length > maxBytes) return { kind: 'refused', reason: `is larger than ${maxBytes} bytes` };
    }
    return {
      kind: 'text',
      text: new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length)),
    };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return { kind: 'absent' };
    if (code === 'ELOOP') return { kind: 'refused', reason: 'is a symbolic link' };
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      return { kind: 'refused', reason: 'is not UTF-8' };
    }
    return { kind: 'refused', reason: `cannot be read (${code ?? String(error)})` };
  }
}

/** Writes and flushes a file beside `path`, hands it to `place`, and leaves nothing behind. */
async function withTemporary(
  path: string,
  text: string,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
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
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'EPERM') throw error;
  }
}

function watchFolder(folder: string, onHint: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  let watcher: FSWatcher | null = null;
  const open = () => {
    try {
      watcher = watch(folder, { persistent: false }, onHint);
      watcher.on('error', () => {
        watcher?.close();
        watcher = null;
      });
    } catch {
      // The folder is not there yet: the poll tries again.
    }
  };
  open();
  const poll = setInterval(() => {
    if (watcher === null) open();
    onHint();
  }, POLL_MS);
  poll.unref();
  signal.addEventListener('abort', () => {
    clearInterval(poll);
    watcher?.close();
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
