import { isUtf8 } from 'node:buffer';

/** Escapes of escapes are undone this often; who writes more of them has something to hide, and meets the last form. */
const ROUNDS = 4;

/**
 * What readers would make of a text: percent, JSON, JavaScript and HTML escapes undone, compatibility forms folded
 * (NFKC), tag characters read as the letters they stand for, and what has no width taken out. Every step of it, since
 * one reader undoes less than the next; empty for a text that stands for itself.
 */
export function normalised(text: string): readonly string[] {
  const steps: string[] = [];
  let read = text;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = read;
    for (const undo of [withoutPercents, withoutBackslashes, withoutEntities, withoutDisguise]) {
      const next = undo(read);
      if (next !== read) steps.push(next);
      read = next;
    }
    if (read === before) break;
  }
  return steps;
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

/** What a person could read: of bytes, the stretches that could be text. */
export function readableParts({ text, isBytes }: Layer): string {
  if (!isBytes) return text;
  const read = Buffer.from(text, 'latin1').toString('utf8');
  return (read.match(/(?:[\0\t\n\r]|[^\p{Cc}\ufffd]){6,}/gu) ?? []).join('\n');
}

function withoutPercents(text: string): string {
  if (!text.includes('%')) return text;
  return text
    .replace(/%u([0-9a-f]{4})/gi, (_, digits: string) => character(digits, 16))
    .replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
      return layerOf(Buffer.from(escapes.replaceAll('%', ''), 'hex')).text;
    });
}

function withoutEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));/gi,
    (_, hex?: string, decimal?: string, name?: string) =>
      name === undefined
        ? character(hex ?? decimal ?? '', hex === undefined ? 10 : 16)
        : (NAMED[name.toLowerCase()] ?? ''),
  );
}

/** The text that a string of JSON or JavaScript stands for. */
export function withoutBackslashes(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\}|x([0-9a-f]{2})|([nrtbfv/"'\\]))/gi,
    (_, four?: string, braced?: string, two?: string, plain?: string) =>
      plain === undefined ? character(four ?? braced ?? two ?? '', 16) : plainEscape(plain),
  );
}

const NAMED: { readonly [name: string]: string } = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function character(digits: string, radix: number): string {
  const code = Number.parseInt(digits, radix);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}

function plainEscape(letter: string): string {
  const blanks: { readonly [letter: string]: string } = {
    n: '\n',
    r: '\r',
    t: '\t',
    b: '\b',
    f: '\f',
    v: '\v',
  };
  return blanks[letter.toLowerCase()] ?? letter;
}

/** Soft hyphens, joiners, marks of direction, fillers, variation selectors, the byte order mark. */
const WIDTHLESS =
  /[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0]|\u034f|[\u17b4\u17b5]|[\u180b-\u180d]|[\ufe00-\ufe0f]|\udb40[\udd00-\uddef]/g;
/** U+E0021 to U+E007E: ASCII that no screen shows. */
const TAGS = /\udb40[\udc21-\udc7e]/g;

function withoutDisguise(text: string): string {
  // Zero bytes stand between the letters of UTF-16.
  const plain = text.replaceAll('\0', '');
  if (!/[\u0080-\uffff]/.test(plain)) return plain;
  return plain
    .replace(TAGS, (tag) => String.fromCharCode(tag.charCodeAt(1) - 0xdc00))
    .replace(WIDTHLESS, '')
    .normalize('NFKC');
}
