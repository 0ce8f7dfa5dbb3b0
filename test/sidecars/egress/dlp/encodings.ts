import { gzipSync } from 'node:zlib';

/** What an agent could do to a text before it sends it. */
export type Encoding = (text: string) => string;

const bytesOf = (text: string): readonly number[] => [...Buffer.from(text)];
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const pieces = (text: string): readonly string[] => text.match(/[\s\S]{1,5}/g) ?? [];

/** Each of them, and each on top of another, is to be seen through. */
export const ENCODINGS: { readonly [name: string]: Encoding } = {
  plain: (text) => text,
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  'base64 in lines': (text) =>
    (
      Buffer.from(text)
        .toString('base64')
        .match(/.{1,20}/g) ?? []
    ).join('\r\n'),
  hex: (text) => Buffer.from(text).toString('hex'),
  HEX: (text) => Buffer.from(text).toString('hex').toUpperCase(),
  percent: (text) =>
    bytesOf(text)
      .map((byte) => `%${hex(byte)}`)
      .join(''),
  'double percent': (text) =>
    bytesOf(text)
      .map((byte) => `%25${hex(byte)}`)
      .join(''),
  reversed: (text) => [...text].reverse().join(''),
  'gzip and base64': (text) => gzipSync(text).toString('base64'),
  'JSON escapes': (text) =>
    [...text].map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  'HTML escapes': (text) => [...text].map((each) => `&#${each.charCodeAt(0)};`).join(''),
  'zero-width joiners': (text) => [...text].join('\u200d'),
  dashes: (text) => [...text].join('-'),
  blanks: (text) => [...text].join(' '),
  'UTF-16': (text) => [...text].join('\0'),
};

/** Ways to deal a text out over several values. */
export const DEALINGS: { readonly [name: string]: Encoding } = {
  lines: (text) => pieces(text).join('\n'),
  'JSON strings': (text) => JSON.stringify(pieces(text)),
  'JSON members': (text) =>
    JSON.stringify(Object.fromEntries(pieces(text).map((piece, index) => [`key${index}`, piece]))),
  'JSON objects': (text) => JSON.stringify(pieces(text).map((piece) => ({ text: piece }))),
  form: (text) =>
    pieces(text)
      .map((piece, index) => `field${index}=${encodeURIComponent(piece)}`)
      .join('&'),
  multipart: (text) =>
    `${pieces(text)
      .map(
        (piece, index) =>
          `--edge\r\nContent-Disposition: form-data; name=f${index}\r\n\r\n${piece}`,
      )
      .join('\r\n')}\r\n--edge--\r\n`,
};
