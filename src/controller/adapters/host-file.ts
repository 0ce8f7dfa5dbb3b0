import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { MAX_FILE_BYTES } from '../../desired/decode-text.ts';
import { FILE_START, type Problems } from '../../desired/problems.ts';

/** Who may do what with a file of the host. */
export type Protection =
  /** Nobody else may read it. */
  | 'secret'
  /** Others may read it, not change it. */
  | 'trusted';

/**
 * Bytes of a file of the host, or null when it is absent, or refused with a problem. Checked on the opened file, so
 * that what was checked is what is read.
 */
export async function readHostFile(
  path: string,
  protection: Protection,
  problems: Problems,
): Promise<Uint8Array | null> {
  const refuse = (message: string, hint: string) => {
    problems.error({ code: 'file-permissions', message, hint, file: path, at: FILE_START });
    return null;
  };
  try {
    // A pipe that nobody writes to must not hold up the start.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile()) return refuse('it is not a regular file', `put a file at ${path}`);
    const { uid, mode, size } = stats;
    const own = process.getuid?.();
    if (protection === 'secret' && own !== undefined && uid !== own) {
      return refuse(
        `the file belongs to user ${uid}, not to the one that runs bb (${own})`,
        `chown ${own} ${path}`,
      );
    }
    const shown = (mode & 0o7777).toString(8).padStart(4, '0');
    if (protection === 'secret' && (mode & 0o077) !== 0) {
      return refuse(`others than its owner may open the file (mode ${shown})`, `chmod 600 ${path}`);
    }
    if ((mode & 0o002) !== 0) {
      return refuse(`anybody may change the file (mode ${shown})`, `chmod o-w ${path}`);
    }
    // One byte more than is accepted: the reader tells that it is too large.
    const buffer = Buffer.alloc(Math.min(size, MAX_FILE_BYTES + 1));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    return refuse(`the file cannot be read (${code})`, `check who may read ${path}`);
  }
}
