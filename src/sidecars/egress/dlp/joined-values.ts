import { appendWithoutBackslashes } from './escapes.ts';
import { SLICE, type Sliced } from './sliced.ts';
import { TextBuilder } from './text-builder.ts';

/** Of a long value only both ends are joined: what is inside it was looked at where it stands. */
const END = 2048;
/** Of one with escapes as many characters may stand for that. */
const ESCAPED_END = 6 * END;

/**
 * The values of a JSON text, a form or a multipart body one after the other, without what stands between them, so that
 * a secret that was dealt out over several is whole again. Null where there are not two of them.
 */
export function* joinedValues(text: string): Sliced<string | null> {
  const out = new TextBuilder(text.length + 1);
  let count = 0;
  yield* valuesOf(text, (start, end, hasEscapes) => {
    count += 1;
    const append = (from: number, to: number): void => {
      if (hasEscapes) appendWithoutBackslashes(text, from, to, out);
      else out.append(text, from, to);
    };
    const most = hasEscapes ? ESCAPED_END : END;
    if (end - start <= 2 * most) {
      append(start, end);
      return;
    }
    append(start, start + most);
    out.push(LINE_FEED);
    append(end - most, end);
  });
  return count < 2 ? null : yield* out.text();
}

type AddValue = (start: number, end: number, hasEscapes: boolean) => void;

const LINE_FEED = 0x0a;

function valuesOf(text: string, add: AddValue): Sliced<void> {
  const boundary = /^(?:\r\n)?(--[^\r\n]{1,72})\r\n/.exec(text)?.[1];
  if (boundary !== undefined) return multipartValues(text, boundary, add);
  if (/^\??[^\s"'{}<>=&]{0,256}=/.test(text) && text.includes('&')) return formValues(text, add);
  return stringValues(text, add);
}

function* multipartValues(text: string, boundary: string, add: AddValue): Sliced<void> {
  const heads = new Places(text, '\r\n\r\n');
  for (let start = 0, rest = SLICE; start <= text.length; ) {
    const found = text.indexOf(boundary, start);
    const end = found === -1 ? text.length : found;
    const head = heads.from(start);
    if (head !== -1 && head + 4 <= end) {
      add(head + 4, text.startsWith('\r\n', end - 2) ? Math.max(head + 4, end - 2) : end, false);
    }
    start = end + boundary.length;
    if (found === -1) return;
    if (start < rest) continue;
    rest = start + SLICE;
    yield;
  }
}

function* formValues(text: string, add: AddValue): Sliced<void> {
  const allEquals = new Places(text, '=');
  for (let start = 0, rest = SLICE; start <= text.length; ) {
    const found = text.indexOf('&', start);
    const end = found === -1 ? text.length : found;
    const equals = allEquals.from(start);
    add(equals === -1 || equals >= end ? start : equals + 1, end, false);
    start = end + 1;
    if (start < rest) continue;
    rest = start + SLICE;
    yield;
  }
}

/** Where something stands next; what was passed over once is not read again. */
class Places {
  readonly #text: string;
  readonly #sought: string;
  #next = -1;
  #isOver = false;

  constructor(text: string, sought: string) {
    this.#text = text;
    this.#sought = sought;
  }

  /** At or after `start`, or -1; each call from where the last was or further on. */
  from(start: number): number {
    if (!this.#isOver && this.#next < start) {
      this.#next = this.#text.indexOf(this.#sought, start);
      this.#isOver = this.#next === -1;
    }
    return this.#next;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Every text in double quotes that no colon follows: values of JSON, of many objects or of a broken one too. */
function* stringValues(text: string, add: AddValue): Sliced<void> {
  let start = text.indexOf('"');
  for (let rest = SLICE; start !== -1; ) {
    const end = endOfString(text, start + 1);
    if (end === -1) return;
    if (!isKey(text, end + 1)) add(start + 1, end, true);
    start = text.indexOf('"', end + 1);
    if (end < rest) continue;
    rest = end + SLICE;
    yield;
  }
}

function endOfString(text: string, from: number): number {
  for (let index = from; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code === BACKSLASH) index += 1;
  }
  return -1;
}

function isKey(text: string, after: number): boolean {
  let index = after;
  while (index < text.length && index - after < 16 && text.charCodeAt(index) <= 0x20) index += 1;
  return text[index] === ':';
}
