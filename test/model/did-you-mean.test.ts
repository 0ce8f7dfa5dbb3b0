import { expect, test } from 'vitest';
import { didYouMean, editDistance } from '../../src/model/did-you-mean.ts';

test.for([
  ['promt', 'prompt'],
  ['porvider', 'provider'],
  ['Bottles', 'bottles'],
  ['xyz', undefined],
  ['', undefined],
] as const)('%s means %s', ([raw, meant]) => {
  expect(didYouMean(raw, ['provider', 'prompt', 'bottles'])).toBe(meant);
});

test.for([
  ['', 'abc', 3],
  ['abc', 'abc', 0],
  ['ab', 'ba', 1],
  ['kitten', 'sitting', 3],
] as const)('from %j to %j it is %i', ([from, to, distance]) => {
  expect(editDistance(from, to)).toBe(distance);
});
