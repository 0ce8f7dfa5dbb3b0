import { isUtf8 } from 'node:buffer';
import { SLICE, type Sliced } from './sliced.ts';
import { TextBuilder } from './text-builder.ts';

// Read by hand: with a regular expression and a function for each of millions of escapes, a text takes seconds and
// hundreds of megabytes.

/** Reads the escape that begins at `at` into `out`; gives its length, or 0 where there is none. */
type ReadEscape = (text: string, at: number, out: TextBuilder) => number;

/** `%u0041` and `%41`. */
export function* withoutPercents(text: string): Sliced<string> {
  return yield* rewritten(yield* rewritten(text, '%', readUnicodePercent), '%', readPercents);
}

/** The text that a string of JSON or JavaScript stands for. */
export function withoutBackslashes(text: string): Sliced<string> {
  return rewritten(text, '\\', readBackslash);
}

/** `&amp;`, `&#65;` and `&#x41;`. */
export function withoutEntities(text: string): Sliced<string> {
  return rewritten(text, '&', readEntity);
}

/** Adds what a string of JSON or JavaScript stands for; a stretch of no great length. */
export function appendWithoutBackslashes(
  text: string,
  start: number,
  end: number,
  out: TextBuilder,
): void {
  for (let at = start; at < end; ) {
    const code = text.charCodeAt(at);
    const length = code === BACKSLASH ? readBackslash(text, at, out) : 0;
    if (length === 0) out.push(code);
    at += Math.max(1, length);
  }
}

/** No escape is shorter than what it stands for, so there is room for it. */
function* rewritten(text: string, marker: string, read: ReadEscape): Sliced<string> {
  let at = text.indexOf(marker);
  if (at === -1) return text;
  const out = new TextBuilder(text.length);
  let copied = 0;
  let hasChanged = false;
  for (let rest = SLICE; at !== -1; at = text.indexOf(marker, copied)) {
    out.append(text, copied, at);
    const length = read(text, at, out);
    hasChanged ||= length > 0;
    if (length === 0) out.push(text.charCodeAt(at));
    copied = at + Math.max(1, length);
    if (copied < rest) continue;
    rest = copied + SLICE;
    yield;
  }
  if (!hasChanged) return text;
  out.append(text, copied);
  return yield* out.text();
}

const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const LETTER_U = 0x75;
const LETTER_X = 0x78;
const OPEN = 0x7b;
const REPLACEMENT = 0xfffd;
/** In a character code, what tells a capital from its letter. */
const LOWER = 0x20;

function readUnicodePercent(text: string, at: number, out: TextBuilder): number {
  if ((text.charCodeAt(at + 1) | LOWER) !== LETTER_U) return 0;
  const code = hexNumber(text, at + 2, 4);
  if (code === -1) return 0;
  out.push(code);
  return 6;
}

/** Many of them are read together: the bytes of one character are. */
const MOST_TOGETHER = 16 * 1024;
const together = Buffer.alloc(MOST_TOGETHER + 3);

function readPercents(text: string, start: number, out: TextBuilder): number {
  let at = start;
  let count = 0;
  let hasHigh = false;
  while (text.charCodeAt(at) === PERCENT) {
    const byte = hexNumber(text, at + 1, 2);
    const isContinued = byte >= 0x80 && byte < 0xc0 && count < together.length;
    if (byte === -1 || (count >= MOST_TOGETHER && !isContinued)) break;
    together[count] = byte;
    hasHigh ||= byte > 0x7f;
    count += 1;
    at += 3;
  }
  const bytes = together.subarray(0, count);
  if (hasHigh) out.append(bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1'));
  else for (const byte of bytes) out.push(byte);
  return at - start;
}

const PLAIN: { readonly [letter: string]: string } = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  v: '\v',
  '/': '/',
  '"': '"',
  "'": "'",
  '\\': '\\',
};
/** By the code of what follows the backslash; 0 where nothing is meant. */
const PLAIN_CODES = Uint8Array.from({ length: 128 }, (_, code) => {
  const meant = PLAIN[String.fromCharCode(code).toLowerCase()];
  return meant === undefined ? 0 : meant.charCodeAt(0);
});

function readBackslash(text: string, at: number, out: TextBuilder): number {
  const code = text.charCodeAt(at + 1);
  const plain = PLAIN_CODES[code] ?? 0;
  if (plain !== 0) {
    out.push(plain);
    return 2;
  }
  if ((code | LOWER) === LETTER_X) return pushNumber(hexNumber(text, at + 2, 2), 4, out);
  if ((code | LOWER) !== LETTER_U) return 0;
  const four = hexNumber(text, at + 2, 4);
  if (four !== -1) return pushNumber(four, 6, out);
  if (text.charCodeAt(at + 2) !== OPEN) return 0;
  const digits = text.slice(at + 3, at + 10).indexOf('}');
  return digits < 1 ? 0 : pushNumber(hexNumber(text, at + 3, digits), digits + 4, out);
}

function pushNumber(code: number, length: number, out: TextBuilder): number {
  if (code === -1) return 0;
  if (code < 0x10000) out.push(code);
  else out.append(code <= 0x10ffff ? String.fromCodePoint(code) : String.fromCharCode(REPLACEMENT));
  return length;
}

const ENTITY = /&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));/iy;
const NAMED: { readonly [name: string]: string } = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function readEntity(text: string, at: number, out: TextBuilder): number {
  ENTITY.lastIndex = at;
  const found = ENTITY.exec(text);
  if (found === null) return 0;
  const [whole, hex, decimal, name] = found;
  if (name !== undefined) out.append(NAMED[name.toLowerCase()] ?? '');
  else pushNumber(Number.parseInt(hex ?? decimal ?? '', hex === undefined ? 10 : 16), 1, out);
  return whole.length;
}

const DIGITS = Int8Array.from({ length: 128 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? -1 : digit;
});

/** The number that `count` hexadecimal digits stand for, or -1 where they are not all there. */
function hexNumber(text: string, start: number, count: number): number {
  let number = 0;
  for (let index = start; index < start + count; index += 1) {
    const digit = DIGITS[text.charCodeAt(index)] ?? -1;
    if (digit === -1) return -1;
    number = number * 16 + digit;
  }
  return number;
}
