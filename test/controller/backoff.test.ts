import { expect, test } from 'vitest';
import { nextDelayMs } from '../../src/controller/backoff.ts';

test('doubles from a second to five minutes and stays there', () => {
  const longest = [1, 2, 3, 8, 9, 10, 1000].map((attempts) => nextDelayMs(attempts, 1));
  expect(longest).toEqual([1_000, 2_000, 4_000, 128_000, 256_000, 300_000, 300_000]);
});

test('spreads over the upper half only, so that a retry is never at once', () => {
  expect([0, 0.5, 1].map((spread) => nextDelayMs(3, spread))).toEqual([2_000, 3_000, 4_000]);
  expect(nextDelayMs(0, 0)).toBe(500);
});
