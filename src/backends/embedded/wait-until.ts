import { setTimeout as delay } from 'node:timers/promises';

/** Looks ever more rarely until it holds; false when it did not in time. */
export async function waitUntil(condition: () => boolean, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (let waitMs = 1; !condition(); waitMs = Math.min(waitMs * 2, 50)) {
    if (performance.now() >= deadline) return false;
    await delay(waitMs);
  }
  return true;
}
