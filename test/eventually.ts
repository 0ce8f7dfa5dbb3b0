const SHORTEST_REST_MS = 20;
const LONGEST_REST_MS = 500;

/**
 * Waits until `check` gives something other than undefined or false; fails with `what` when it never does. Rests as long
 * as a check took: one that starts a program must not take the machine from what it waits for.
 */
export async function eventually<Value>(
  what: string,
  check: () => Promise<Value | undefined | false> | Value | undefined | false,
  timeoutMs = 20_000,
): Promise<Value> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const startMs = performance.now();
    const value = await check();
    if (value !== undefined && value !== false) return value;
    const endMs = performance.now();
    if (endMs > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    const restMs = Math.min(Math.max(endMs - startMs, SHORTEST_REST_MS), LONGEST_REST_MS);
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}
