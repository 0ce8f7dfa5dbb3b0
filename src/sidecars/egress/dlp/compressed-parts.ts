import { promisify } from 'node:util';
import { type InputType, inflateRaw, type ZlibOptions, constants as zlib } from 'node:zlib';
import { inSlices, type RunSliced, type Sliced } from './sliced.ts';

/** Compressed data that was found inside a text, expanded; or that it cannot be looked into. */
export type CompressedParts =
  | { readonly kind: 'parts'; readonly parts: readonly Buffer[] }
  | { readonly kind: 'refused' };

/** Where base64 of gzip begins, or, where it is written backwards, ends. */
export interface GzipAnchor {
  readonly at: number;
  readonly isReversed: boolean;
}

/** A text with more of them is refused. */
export const MOST_PARTS = 64;
/** It is searched for where the damage is, so that little of it may be damaged. */
const LARGEST_DAMAGED = 256 * 1024;
const LARGEST_ENCODED = 4 * 1024 * 1024;
const GZIP = '\x1f\x8b\x08';
const ZIP_ENTRY = 'PK\x03\x04';

/**
 * Gzip in a text, as it is or as base64 with whatever between its characters and in either direction, and the entries
 * of zip files. `limit` bounds what all of them expand to. What is encrypted or packed otherwise is refused.
 */
export async function compressedParts(
  text: string,
  anchors: readonly GzipAnchor[],
  limit: number,
  run: RunSliced,
): Promise<CompressedParts> {
  const bare = bareStreams(text);
  if (anchors.length + bare.length > MOST_PARTS || bare.includes('refused')) {
    return { kind: 'refused' };
  }
  const parts: Buffer[] = [];
  let left = limit;
  for (const each of [...anchors, ...bare]) {
    if (each === 'refused') return { kind: 'refused' };
    const stream =
      'at' in each && !Buffer.isBuffer(each) ? await run(gzipInBase64(text, each)) : each;
    const part = await inflate(stream, left);
    if (part === null) return { kind: 'refused' };
    left -= part.length;
    parts.push(part);
  }
  return { kind: 'parts', parts };
}

/** Those that stand in a text as they are; one more than may be is enough to refuse. */
function bareStreams(text: string): readonly (Buffer | 'refused')[] {
  const [gzips, entries] = [placesOf(text, GZIP), placesOf(text, ZIP_ENTRY)];
  if (gzips.length === 0 && entries.length === 0) return [];
  const bytes = Buffer.from(text, 'latin1');
  return [
    ...gzips.map((at) => gzipStream(bytes.subarray(at))),
    ...entries.map((at) => zipStream(bytes.subarray(at))),
  ].filter((stream) => stream !== null);
}

function placesOf(text: string, magic: string): readonly number[] {
  const places: number[] = [];
  let at = text.indexOf(magic);
  while (at !== -1 && places.length <= MOST_PARTS) {
    places.push(at);
    at = text.indexOf(magic, at + magic.length);
  }
  return places;
}

/** Null where it expands to more than `limit`; what ends too early, or is damaged, gives what comes before that. */
async function inflate(stream: Buffer, limit: number): Promise<Buffer | null> {
  const whole = await inflateWithin(stream, limit);
  if (whole !== 'damaged') return whole;
  if (stream.length > LARGEST_DAMAGED) return null;
  let best: Buffer | null = Buffer.alloc(0);
  let [good, bad] = [0, stream.length];
  while (best !== null && bad - good > 1) {
    const middle = (good + bad) >> 1;
    const part = await inflateWithin(stream.subarray(0, middle), Math.min(limit, LARGEST_DAMAGED));
    if (part === 'damaged') bad = middle;
    else [best, good] = [part, middle];
  }
  return best;
}

const inflated = promisify<InputType, ZlibOptions, Buffer>(inflateRaw);

async function inflateWithin(stream: Buffer, limit: number): Promise<Buffer | 'damaged' | null> {
  try {
    return await inflated(stream, {
      maxOutputLength: Math.max(1, limit),
      finishFlush: zlib.Z_SYNC_FLUSH,
    });
  } catch (error) {
    return (error as { readonly code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? null : 'damaged';
  }
}

/** The characters of base64 for the fixed part of a header. */
const HEADER_LENGTH = 24;

/** Whether gzip begins at an anchor: letters in that case, and a header that can be one. */
export function isGzipInBase64(text: string, anchor: GzipAnchor): boolean {
  const header = new Base64Reader(text, anchor, HEADER_LENGTH);
  header.read(0, LARGEST_ENCODED);
  return gzipStream(header.bytes()) !== null;
}

function* gzipInBase64(text: string, anchor: GzipAnchor): Sliced<Buffer> {
  const reader = new Base64Reader(text, anchor, LARGEST_ENCODED);
  yield* inSlices({ length: LARGEST_ENCODED }, (from, to) => reader.read(from, to));
  return gzipStream(reader.bytes()) ?? Buffer.alloc(0);
}

/** Reads characters of base64 from an anchor on, to the right or to the left, over whatever stands between them. */
class Base64Reader {
  readonly #text: string;
  readonly #anchor: GzipAnchor;
  #most: number;
  readonly #kept: Buffer;
  #count = 0;

  constructor(text: string, anchor: GzipAnchor, most: number) {
    this.#text = text;
    this.#anchor = anchor;
    this.#most = most;
    this.#kept = Buffer.allocUnsafe(Math.min(most, text.length));
  }

  /** From one distance of the anchor to another. */
  read(from: number, to: number): void {
    const { at, isReversed } = this.#anchor;
    const last = isReversed ? Math.min(to, at) : Math.min(to, this.#text.length - at);
    for (let index = from; index < last && this.#count < this.#most; index += 1) {
      const code = this.#text.charCodeAt(isReversed ? at - 1 - index : at + index);
      if (IN_BASE64[code] !== 1) continue;
      this.#kept[this.#count] = code;
      this.#count += 1;
      if (this.#count === GZIP_LETTERS.length && !this.#kept.subarray(0, 4).equals(GZIP_LETTERS)) {
        this.#count = 0;
        this.#most = 0;
      }
    }
  }

  bytes(): Buffer {
    return Buffer.from(this.#kept.toString('latin1', 0, this.#count), 'base64');
  }
}

const GZIP_LETTERS = Buffer.from('H4sI');
const IN_BASE64 = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9+/]/.test(String.fromCharCode(code)) ? 1 : 0,
);

const NAMED = 0x08;
const COMMENTED = 0x10;
const EXTENDED = 0x04;
const CHECKED = 0x02;

/** What follows the header of a gzip member; null where these bytes are none. */
function gzipStream(bytes: Buffer): Buffer | null {
  if (bytes.length < 18 || bytes.toString('latin1').slice(0, 3) !== GZIP) return null;
  const [flags = 0, extra = 0, system = 0] = [bytes[3], bytes[8], bytes[9]];
  if (flags > 0x1f || ![0, 2, 4].includes(extra) || (system > 13 && system !== 255)) return null;
  let at = 10;
  if ((flags & EXTENDED) !== 0) at += 2 + (bytes.length > at + 2 ? bytes.readUInt16LE(at) : 0);
  for (const flag of [NAMED, COMMENTED]) {
    if ((flags & flag) !== 0) at = bytes.indexOf(0, at) + 1 || bytes.length;
  }
  if ((flags & CHECKED) !== 0) at += 2;
  return bytes.subarray(at);
}

const STORED = 0;
const DEFLATED = 8;
const LAST_METHOD = 99;
const ENCRYPTED = 0x01;

/** What follows the header of a zip entry; null where it is stored as it is, and can be read where it stands. */
function zipStream(bytes: Buffer): Buffer | 'refused' | null {
  if (bytes.length < 30) return null;
  const method = bytes.readUInt16LE(8);
  if (method > LAST_METHOD) return null;
  if ((bytes.readUInt16LE(6) & ENCRYPTED) !== 0) return 'refused';
  if (method === STORED) return null;
  if (method !== DEFLATED) return 'refused';
  return bytes.subarray(30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28));
}
