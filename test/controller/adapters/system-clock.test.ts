import { expect, test } from 'vitest';
import { systemClock } from '../../../src/controller/adapters/system-clock.ts';
import { systemRandom } from '../../../src/controller/adapters/system-random.ts';

test('a sleep ends by itself, or with the reason that its signal aborts with', async () => {
  await systemClock.sleep(1);
  const reason = new Error('enough');
  const ended = new AbortController();
  const sleeping = systemClock.sleep(60_000, ended.signal);
  ended.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('randomness stays in its bounds and differs', () => {
  const drawn = Array.from({ length: 1_000 }, () => systemRandom.next());
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
  expect(new Set(drawn).size).toBeGreaterThan(990);
  expect(systemRandom.bytes(16)).toHaveLength(16);
});
