import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sanitizeBlock, sanitizeJson, sanitizeLine } from '../../src/model/sanitize.ts';

/** Names and their first and last code point. */
const UNSEEN: readonly (readonly [name: string, first: number, last: number])[] = [
  ['controls', 0x00, 0x1f],
  ['delete and C1 controls', 0x7f, 0x9f],
  ['soft hyphen', 0xad, 0xad],
  ['combining grapheme joiner', 0x34f, 0x34f],
  ['Arabic letter mark', 0x61c, 0x61c],
  ['Hangul choseong and jungseong filler', 0x115f, 0x1160],
  ['Khmer inherent vowels', 0x17b4, 0x17b5],
  ['Mongolian variation selectors', 0x180b, 0x180f],
  ['zero-width space, joiners and marks', 0x200b, 0x200f],
  ['line and paragraph separator, bidi embeddings', 0x2028, 0x202e],
  ['word joiner, invisible operators, bidi isolates', 0x2060, 0x206f],
  ['braille pattern blank', 0x2800, 0x2800],
  ['Hangul filler', 0x3164, 0x3164],
  ['a lone surrogate', 0xd800, 0xd800],
  ['private use', 0xe000, 0xe000],
  ['variation selectors 1 to 16', 0xfe00, 0xfe0f],
  ['byte order mark', 0xfeff, 0xfeff],
  ['half-width Hangul filler', 0xffa0, 0xffa0],
  ['interlinear annotation', 0xfff9, 0xfffb],
  ['tags', 0xe0000, 0xe007f],
  ['variation selectors 17 to 256', 0xe0100, 0xe01ef],
];

const escapeOf = (code: number) =>
  code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;

describe.each(UNSEEN)('%s', (_name, first, last) => {
  const codes = Array.from({ length: last - first + 1 }, (_, index) => first + index);

  test('are shown as escapes, in a line and in a block', () => {
    for (const code of codes) {
      const text = `a${String.fromCodePoint(code)}b`;
      expect(sanitizeLine(text)).toBe(`a${escapeOf(code)}b`);
      expect(sanitizeBlock(text)).toBe(code === 0x0a ? text : `a${escapeOf(code)}b`);
    }
  });

  test('are written in JSON as its own escapes, which mean the same', () => {
    for (const code of codes) {
      const value = { text: `a${String.fromCodePoint(code)}b` };
      const shown = sanitizeJson(JSON.stringify(value, null, 2));
      expect(shown).toMatch(/^[\n\x20-\x7e]*$/);
      expect(JSON.parse(shown)).toEqual(value);
    }
  });
});

test.each([
  'plain text',
  'Bücher, 한국어, العربية, ไทย, 日本語',
  'e\u0301 and क्षि',
  '😀 → ✓ “quoted” …',
  'a b',
])('what a person sees stays as it is: %s', (text) => {
  expect(sanitizeLine(text)).toBe(text);
  expect(sanitizeBlock(`${text}\n${text}`)).toBe(`${text}\n${text}`);
});

test('a hidden message in tags, and a host with a filler, can be seen', () => {
  const hidden = [...'rm'].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0)));
  expect(sanitizeLine(`ok${hidden.join('')}`)).toBe('ok\\u{e0072}\\u{e006d}');
  expect(sanitizeLine('api\u3164.example.test')).toBe('api\\u{3164}.example.test');
});

test('nothing unseen is left of any text, and what is made is not made again', () => {
  const unseen = /[\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const shown = sanitizeLine(text);
      expect(shown.replace(/\p{Cn}/gu, '')).not.toMatch(unseen);
      expect(sanitizeLine(shown)).toBe(shown);
    }),
    { numRuns: 2_000 },
  );
});
