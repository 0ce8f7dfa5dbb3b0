import { promisify } from 'node:util';
import {
  brotliCompress,
  brotliDecompress,
  deflate,
  gunzip,
  gzip,
  type InputType,
  inflate,
  inflateRaw,
  zstdCompress,
  zstdDecompress,
} from 'node:zlib';

/** What a body expands to at most: more is not looked at, and so not sent. */
const MOST_DECODED = 16 * 1024 * 1024;
const MOST_CODINGS = 3;

interface Coding {
  decode(bytes: Buffer): Promise<Buffer>;
  encode(bytes: Buffer): Promise<Buffer>;
}

const limited =
  (decode: (bytes: InputType, options: { readonly maxOutputLength: number }) => Promise<Buffer>) =>
  (bytes: Buffer): Promise<Buffer> =>
    decode(bytes, { maxOutputLength: MOST_DECODED });

const GZIP: Coding = {
  decode: limited(promisify(gunzip)),
  encode: promisify<InputType, Buffer>(gzip),
};
const DEFLATE: Coding = {
  // Some send it without its wrapper.
  decode: (bytes) =>
    limited(promisify(inflate))(bytes).catch(() => limited(promisify(inflateRaw))(bytes)),
  encode: promisify<InputType, Buffer>(deflate),
};
const CODINGS: { readonly [name: string]: Coding } = {
  gzip: GZIP,
  'x-gzip': GZIP,
  deflate: DEFLATE,
  br: {
    decode: limited(promisify(brotliDecompress)),
    encode: promisify<InputType, Buffer>(brotliCompress),
  },
  zstd: {
    decode: limited(promisify(zstdDecompress)),
    encode: promisify<InputType, Buffer>(zstdCompress),
  },
};

/** A body as it is meant, and how to write another one in its place. */
export interface DecodedBody {
  readonly bytes: Buffer;
  encode(bytes: Buffer): Promise<Buffer>;
}

/** What the headers (name, value, name, value) say of `content-encoding`. */
export function codingsOf(headers: readonly string[]): readonly string[] {
  return headers.filter(
    (_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === 'content-encoding',
  );
}

/**
 * Undoes what `content-encoding` says was done. Null where that is not known, not true, or expands to more than
 * `MOST_DECODED`.
 */
export async function decodeBody(
  bytes: Buffer,
  encodings: readonly string[],
): Promise<DecodedBody | null> {
  const names = encodings
    .flatMap((value) => value.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  const codings = names.map((name) => (Object.hasOwn(CODINGS, name) ? CODINGS[name] : undefined));
  if (codings.length > MOST_CODINGS || codings.includes(undefined)) return null;
  const known = codings.filter((coding) => coding !== undefined);
  try {
    let decoded = bytes;
    for (const { decode } of known.toReversed()) decoded = await decode(decoded);
    return { bytes: decoded, encode: (plain) => encodeAll(plain, known) };
  } catch {
    return null;
  }
}

async function encodeAll(plain: Buffer, codings: readonly Coding[]): Promise<Buffer> {
  let encoded = plain;
  for (const { encode } of codings) encoded = await encode(encoded);
  return encoded;
}
