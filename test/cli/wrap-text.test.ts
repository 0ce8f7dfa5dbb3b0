import { expect, test } from 'vitest';
import { wrapText } from '../../src/cli/wrap-text.ts';

test.for([
  ['one two three', 8, ['one two', 'three']],
  ['  one two three', 8, ['  one', '  two', '  three']],
  ['    kept  as it is', 40, ['    kept  as it is']],
  ['a-word-that-is-longer b', 8, ['a-word-that-is-longer', 'b']],
  ['one\n\n  two', 8, ['one', '', '  two']],
] as const)('%j in %i columns', ([text, columns, lines]) => {
  expect(wrapText(text, columns)).toEqual(lines);
});
