import { expect, test } from 'vitest';
import { displayWidth, padToWidth, truncateToWidth } from '../../src/cli/display-width.ts';

test.for([
  ['plain', 5],
  ['', 0],
  ['日本', 4],
  ['e\u0301', 1],
  ['👩‍👩‍👧', 2],
  ['\x1b[31mred\x1b[39m', 3],
] as const)('%j takes %i columns', ([text, width]) => {
  expect(displayWidth(text)).toBe(width);
});

test('truncation never exceeds the width and marks the cut', () => {
  expect(truncateToWidth('日本語', 5)).toBe('日本…');
  expect(truncateToWidth('日本語', 4)).toBe('日…');
  expect(truncateToWidth('abc', 3)).toBe('abc');
  expect(truncateToWidth('abc', 0)).toBe('');
});

test('padding counts columns, not characters', () => {
  expect(padToWidth('日', 4)).toBe('日  ');
});
