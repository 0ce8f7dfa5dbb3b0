import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** JSON of a file that a sidecar wrote; undefined when it is not there, is no plain file, or is not JSON. */
export async function readUntrustedJson(path: string, maxBytes: number): Promise<unknown> {
  const text = await readUntrustedFile(path, maxBytes);
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads a file that a sidecar wrote, as text: a regular file, not through a link, of at most `maxBytes`. Everything
 * else, a pipe that would block included, is null.
 */
async function readUntrustedFile(path: string, maxBytes: number): Promise<string | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    await using file = await open(path, flags);
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > maxBytes) return null;
    // The file may grow while it is read: never more than was allowed is taken.
    const buffer = Buffer.alloc(stats.size);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return null;
  }
}
