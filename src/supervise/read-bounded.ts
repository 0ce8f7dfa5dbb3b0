import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorCode } from './error-code.ts';
import type { FileRead } from './queue-files.ts';

/** Reads a file that somebody hostile may have put there: see `QueueFiles.read`. */
export async function readBounded(path: string, maxBytes: number): Promise<FileRead> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    return await readRegular(file, maxBytes);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return { kind: 'absent' };
    if (code === 'ELOOP') return refused('is a symbolic link');
    if (code === 'ENXIO') return refused('is a socket');
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return refused('is not UTF-8');
    return { kind: 'unreadable', reason: `cannot be read (${code ?? String(error)})` };
  }
}

async function readRegular(file: FileHandle, maxBytes: number): Promise<FileRead> {
  const stat = await file.stat();
  if (!stat.isFile()) return refused('is not a regular file');
  if (stat.size > maxBytes) return refused(`is larger than ${maxBytes} bytes`);
  const buffer = Buffer.alloc(stat.size + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
    // Whole files are put in place at once: one that grows was not written by us.
    if (length > stat.size) return refused('grows while it is read');
  }
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return { kind: 'text', text: decoder.decode(buffer.subarray(0, length)) };
}

function refused(reason: string): FileRead {
  return { kind: 'refused', reason };
}
