const FIRST_MS = 1_000;
const LONGEST_MS = 5 * 60_000;

/**
 * Delay before the next try after `attempts` failures in a row (1 = the first): 1 s, doubled up to 5 minutes.
 * `spread` in [0, 1) places it in the upper half, so that bottles that failed together do not come back together.
 */
export function nextDelayMs(attempts: number, spread: number): number {
  const exponent = Math.min(Math.max(attempts, 1) - 1, 30);
  const longest = Math.min(FIRST_MS * 2 ** exponent, LONGEST_MS);
  return Math.round(longest * (0.5 + spread / 2));
}
