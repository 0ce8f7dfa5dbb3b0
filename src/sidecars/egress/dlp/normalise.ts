import { isUtf8 } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';
import { withoutBackslashes, withoutEntities, withoutPercents } from './escapes.ts';
import { inSlices, type RunSliced, SLICE, type Sliced } from './sliced.ts';
import { TextBuilder } from './text-builder.ts';

/** Escapes of escapes are undone this often; who writes more of them has something to hide, and meets the last form. */
const ROUNDS = 4;

/**
 * What readers would make of a text: percent, JSON, JavaScript and HTML escapes undone, compatibility forms folded
 * (NFKC), tag characters read as the letters they stand for, and what has no width taken out. Every step of it, since
 * one reader undoes less than the next; empty for a text that stands for itself.
 */
export async function* normalised(text: string, run: RunSliced): AsyncGenerator<string> {
  let read = text;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = read;
    for (const undo of [withoutPercents, withoutBackslashes, withoutEntities, withoutDisguise]) {
      const next = await run(undo(read));
      if (next !== read) yield next;
      read = next;
    }
    if (read === before) break;
  }
}

/** Bytes as one character each, or text. */
export interface Layer {
  readonly text: string;
  readonly isBytes: boolean;
}

/** Text where the bytes are UTF-8. */
export function layerOf(bytes: Uint8Array): Layer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isText = isUtf8(buffer);
  return { text: buffer.toString(isText ? 'utf8' : 'latin1'), isBytes: !isText };
}

/** Shorter stretches of bytes are text by chance. */
const SHORTEST_READABLE = 6;

/** What a person could read: of bytes, the stretches that could be text, a line each. */
export function* readableParts({ text, isBytes }: Layer): Sliced<string> {
  if (!isBytes) return text;
  const decoder = new StringDecoder('utf8');
  const out = new TextBuilder(text.length + 1);
  let start = 0;
  const endStretch = (): void => {
    if (out.length - start < SHORTEST_READABLE) out.cut(start);
    else out.push(LINE_FEED);
    start = out.length;
  };
  yield* inSlices(text, (from, to) => {
    const read = decoder.write(Buffer.from(text.slice(from, to), 'latin1'));
    for (let index = 0; index < read.length; index += 1) {
      const code = read.charCodeAt(index);
      if (isReadable(code)) out.push(code);
      else endStretch();
    }
  });
  endStretch();
  out.cut(Math.max(0, out.length - 1));
  return yield* out.text();
}

const LINE_FEED = 0x0a;
/** Of controls those that stand in texts. Zero bytes stand between the letters of UTF-16. */
const IN_TEXT = new Set([0x00, 0x09, LINE_FEED, 0x0d]);

function isReadable(code: number): boolean {
  if (code > 0x9f) return code !== 0xfffd;
  return (code > 0x1f && code < 0x7f) || IN_TEXT.has(code);
}

/** Soft hyphens, joiners, marks of direction, fillers, variation selectors, the byte order mark. */
const WIDTHLESS =
  /[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0]|\u034f|[\u17b4\u17b5]|[\u180b-\u180d]|[\ufe00-\ufe0f]|\udb40[\udd00-\uddef]/g;
/** U+E0021 to U+E007E: ASCII that no screen shows. */
const TAGS = /\udb40[\udc21-\udc7e]/g;
/** How far a place is looked for where a text can be cut and both halves read as they did together. */
const CUT_WITHIN = 1024;

function* withoutDisguise(text: string): Sliced<string> {
  if (!/[\0\u0080-\uffff]/.test(text)) return text;
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    const to = cutAfter(text, from + SLICE);
    parts.push(undisguised(text.slice(from, to)));
    from = to;
    yield;
  }
  return parts.join('');
}

/** Before a letter of ASCII, which nothing before it joins; where there is none, not inside of a character. */
function cutAfter(text: string, wanted: number): number {
  for (let at = wanted; at < Math.min(wanted + CUT_WITHIN, text.length); at += 1) {
    if (text.charCodeAt(at) < 0x80) return at;
  }
  const isInside = (text.charCodeAt(wanted) & 0xfc00) === 0xdc00;
  return isInside ? wanted + 1 : wanted;
}

function undisguised(text: string): string {
  // Zero bytes stand between the letters of UTF-16.
  const plain = text.replaceAll('\0', '');
  if (!/[\u0080-\uffff]/.test(plain)) return plain;
  return plain
    .replace(TAGS, (tag) => String.fromCharCode(tag.charCodeAt(1) - 0xdc00))
    .replace(WIDTHLESS, '')
    .normalize('NFKC');
}
