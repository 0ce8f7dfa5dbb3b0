import { expect, test } from 'vitest';
import { lineOutput } from '../../../src/sidecars/bundle/line-output.ts';

test('lines that cannot be written are lost and counted, those after them are not', () => {
  const lines: string[] = [];
  let isFull = false;
  const print = lineOutput((text) => {
    if (isFull) throw new Error('no space left on device');
    lines.push(text);
  });
  print('one');
  isFull = true;
  print('two');
  print('three');
  isFull = false;
  print('four');
  expect(lines.join('')).toBe('one\nbundle | lost 2 lines: they could not be written\nfour\n');
});
