import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, link, lstat, mkdir, open, symlink, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type ExtractEvents, extract, type Header } from 'tar-stream';
import { sanitizeLine } from '../../../model/sanitize.ts';

/** How large an archive may be, unpacked. */
export interface UnpackLimits {
  readonly bytes: number;
  readonly entries: number;
}

const LIMITS: UnpackLimits = { bytes: 16 * 1024 ** 3, entries: 1_000_000 };
const GZIP = Buffer.from([0x1f, 0x8b]);
/** A bottle has devices of its own. */
const LEFT_OUT = ['character-device', 'block-device', 'fifo'];

/** An archive that is no root file system, or more than one may be. */
export class Unusable extends Error {}

/**
 * Unpacks an archive, perhaps by gzip, into an empty folder that is nobody else's to change. Nothing is written or linked
 * to outside of it: each folder on the way to an entry has to be a folder of the archive. All belongs to who unpacks it,
 * with the modes of the archive but for rights of others to write and to run it as somebody else. Devices and pipes are
 * left out; how many is given back. Throws `Unusable`, and what the disk says.
 */
export async function unpackRootfs(
  archive: string,
  folder: string,
  limits: UnpackLimits = LIMITS,
): Promise<{ readonly leftOut: number }> {
  const entries = extract();
  const bounded = (source: AsyncIterable<Buffer>) => upTo(limits.bytes, source);
  const source = createReadStream(archive);
  const reading = (await isGzip(archive))
    ? pipeline(source, createGunzip(), bounded, entries)
    : pipeline(source, bounded, entries);
  // What ends the reading is told by the entries too, unless it comes after the last of them.
  reading.catch(() => undefined);
  const place = new Unpacking(folder);
  let count = 0;
  let leftOut = 0;
  try {
    for await (const entry of entries) {
      count += 1;
      if (count > limits.entries) throw new Unusable(`has more than ${limits.entries} entries`);
      if (await place.take(entry)) continue;
      leftOut += 1;
      entry.resume();
    }
    await reading;
  } catch (error) {
    throw unusable(error);
  }
  if (count === 0) throw new Unusable('is no archive');
  return { leftOut };
}

type Entry = ExtractEvents['entry'][1];

class Unpacking {
  readonly #folder: string;
  /** Folders below it that are none but folders, and stay so. */
  readonly #folders = new Set(['']);

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** False for what is left out. */
  async take(entry: Entry): Promise<boolean> {
    const { name, type, linkname } = entry.header;
    const parts = partsOf(name);
    if (LEFT_OUT.includes(type ?? '')) return false;
    if (type === 'directory') {
      await this.#makeFolder(parts, modeOf(entry.header) | 0o700);
      entry.resume();
      return true;
    }
    if (parts.length === 0) throw new Unusable('has an entry without a name');
    await this.#makeFolder(parts.slice(0, -1), null);
    const path = join(this.#folder, ...parts);
    await this.#makeRoom(path, name);
    if (type === 'file' || type === 'contiguous-file') {
      await pipeline(contentOf(entry), createWriteStream(path, { flags: 'wx', mode: 0o600 }));
      await chmod(path, modeOf(entry.header));
      await setTime(path, entry.header);
      return true;
    }
    entry.resume();
    if (type === 'symlink') await symlink(linkname ?? '', path);
    else if (type === 'link') await link(await this.#linked(linkname ?? ''), path);
    else throw new Unusable(`has an entry of an unknown kind: ${shown(name)}`);
    return true;
  }

  async #makeFolder(parts: readonly string[], mode: number | null): Promise<void> {
    for (const [index] of parts.entries()) await this.#makeOne(parts.slice(0, index + 1).join('/'));
    if (mode !== null && parts.length > 0) await chmod(join(this.#folder, ...parts), mode);
  }

  async #makeOne(name: string): Promise<void> {
    if (this.#folders.has(name)) return;
    try {
      await mkdir(join(this.#folder, name));
      await chmod(join(this.#folder, name), 0o755);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new Unusable(`has ${shown(name)} as a folder and as something else`);
    }
    this.#folders.add(name);
  }

  /** A later entry of a name takes the place of the earlier one, which is no folder. */
  async #makeRoom(path: string, name: string): Promise<void> {
    const stats = await lstat(path).catch(() => null);
    if (stats === null) return;
    if (!stats.isDirectory()) return unlink(path);
    throw new Unusable(`has ${shown(name)} as a folder and as something else`);
  }

  /** Path of an earlier file of the archive. */
  async #linked(name: string): Promise<string> {
    const parts = partsOf(name);
    const path = join(this.#folder, ...parts);
    const isWithin = this.#folders.has(parts.slice(0, -1).join('/'));
    const stats = isWithin ? await lstat(path).catch(() => null) : null;
    if (stats?.isFile() === true) return path;
    throw new Unusable(`has a link to what is no earlier file of it: ${shown(name)}`);
  }
}

/** Tells of an end that came before it was asked for; `pipeline` would wait for that of the stream itself. */
async function* contentOf(entry: Entry): AsyncGenerator<unknown> {
  yield* entry;
}

/** A leading `/` is the folder. */
function partsOf(name: string): readonly string[] {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (!parts.includes('..')) return parts;
  throw new Unusable(`has a name that leads out of it: ${shown(name)}`);
}

function modeOf({ mode }: Header): number {
  return mode & 0o755;
}

/** Programs compare the times of their files; what cannot be one is left. */
async function setTime(path: string, { mtime }: Header): Promise<void> {
  const seconds = (mtime?.getTime() ?? Number.NaN) / 1000;
  if (seconds >= 0 && seconds < 2 ** 32) await utimes(path, seconds, seconds);
}

async function* upTo(most: number, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    if (total > most) throw new Unusable(`is larger than ${most} bytes, unpacked`);
    yield chunk;
  }
}

async function isGzip(archive: string): Promise<boolean> {
  await using file = await open(archive);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(GZIP.length) });
  return bytesRead === GZIP.length && buffer.equals(GZIP);
}

/** What a disk says may be otherwise the next time; what is wrong with the archive stays. */
function unusable(error: unknown): unknown {
  if (error instanceof Unusable || !(error instanceof Error)) return error;
  if ('syscall' in error && !('code' in error && error.code === 'ENAMETOOLONG')) return error;
  return new Unusable(`cannot be read: ${sanitizeLine(error.message, 200)}`);
}

function shown(name: string): string {
  return JSON.stringify(sanitizeLine(name, 200));
}
