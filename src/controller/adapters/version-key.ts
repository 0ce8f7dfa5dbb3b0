import { createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeDurably } from './atomic-file.ts';
import { temporaryPath } from './temporary-file.ts';

const KEY_BYTES = 32;

/**
 * The host's key for versions of secrets, made on first need (0600). Of two controllers that make it at once, both get
 * the same: a link is created once. Losing it costs one reload of each table.
 */
export async function loadVersionKey(path: string): Promise<Uint8Array> {
  const present = await readFile(path).catch(() => null);
  if (present?.length === KEY_BYTES) return present;
  if (present !== null) await rm(path, { force: true });
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = temporaryPath(path);
  try {
    await writeDurably(temporary, randomBytes(KEY_BYTES), { mode: 0o600 });
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  return readFile(path);
}

/** What may be shown of a secret: equal for equal values on this host, and of no use without the key. */
export function secretVersion(key: Uint8Array, name: string, value: string): string {
  return createHmac('sha256', key).update(`${name}\0${value}`).digest('hex').slice(0, 16);
}
