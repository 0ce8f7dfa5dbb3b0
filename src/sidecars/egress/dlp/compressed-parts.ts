import { inflateRawSync, constants as zlib } from 'node:zlib';
import type { KnownSecretScan } from './known-secrets.ts';

/** Compressed data that was found inside a text, expanded; or that it cannot be looked into. */
export type CompressedParts =
  | { readonly kind: 'parts'; readonly parts: readonly Buffer[] }
  | { readonly kind: 'refused' };

const MOST_PARTS = 64;
/** It is searched for where the damage is, so that little of it may be damaged. */
const LARGEST_DAMAGED = 256 * 1024;
const LARGEST_ENCODED = 4 * 1024 * 1024;
const GZIP = '\x1f\x8b\x08';
const ZIP_ENTRY = 'PK\x03\x04';

/**
 * Gzip in a text, as it is or as base64 with whatever between its characters and in either direction, and the entries
 * of zip files. `limit` bounds what all of them expand to. What is encrypted or packed otherwise is refused.
 */
export function compressedParts(
  text: string,
  anchors: KnownSecretScan['compressed'],
  limit: number,
): CompressedParts {
  const streams = [
    ...anchors.map(({ at, isReversed }) => gzipStream(base64From(text, at, isReversed))),
    ...placesOf(text, GZIP).map((at) => gzipStream(Buffer.from(text.slice(at), 'latin1'))),
    ...placesOf(text, ZIP_ENTRY).map((at) => zipStream(Buffer.from(text.slice(at), 'latin1'))),
  ].filter((stream) => stream !== null);
  if (streams.length > MOST_PARTS || streams.includes('refused')) return { kind: 'refused' };
  const parts: Buffer[] = [];
  let left = limit;
  for (const stream of streams) {
    const part = stream === 'refused' ? null : inflate(stream, left);
    if (part === null) return { kind: 'refused' };
    left -= part.length;
    parts.push(part);
  }
  return { kind: 'parts', parts };
}

/** Null where it expands to more than `limit`; what ends too early, or is damaged, gives what comes before that. */
function inflate(stream: Buffer, limit: number): Buffer | null {
  const whole = inflateWithin(stream, limit);
  if (whole !== 'damaged') return whole;
  if (stream.length > LARGEST_DAMAGED) return null;
  let best: Buffer | null = Buffer.alloc(0);
  let [good, bad] = [0, stream.length];
  while (best !== null && bad - good > 1) {
    const middle = (good + bad) >> 1;
    const part = inflateWithin(stream.subarray(0, middle), Math.min(limit, LARGEST_DAMAGED));
    if (part === 'damaged') bad = middle;
    else [best, good] = [part, middle];
  }
  return best;
}

function inflateWithin(stream: Buffer, limit: number): Buffer | 'damaged' | null {
  try {
    return inflateRawSync(stream, {
      maxOutputLength: Math.max(1, limit),
      finishFlush: zlib.Z_SYNC_FLUSH,
    });
  } catch (error) {
    return (error as { readonly code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? null : 'damaged';
  }
}

/** The bytes that begin at an anchor: `H4sI` to the right, or `Is4H` to the left. Empty where its case is another. */
function base64From(text: string, at: number, isReversed: boolean): Buffer {
  const around = isReversed
    ? text.slice(Math.max(0, at - LARGEST_ENCODED), at)
    : text.slice(at, at + LARGEST_ENCODED);
  const kept = around.replace(/[^A-Za-z0-9+/]/g, '');
  const forward = isReversed ? Buffer.from(kept, 'latin1').reverse().toString('latin1') : kept;
  return Buffer.from(forward.startsWith('H4sI') ? forward : '', 'base64');
}

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

/** One more than may be: that is enough to refuse. */
function placesOf(text: string, magic: string): readonly number[] {
  const places: number[] = [];
  let at = text.indexOf(magic);
  while (at !== -1 && places.length <= MOST_PARTS) {
    places.push(at);
    at = text.indexOf(magic, at + magic.length);
  }
  return places;
}
