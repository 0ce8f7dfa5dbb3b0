import type { Clock } from '../model/clock.ts';
import type { PassOptions, PassReport, Reconciler } from './reconciler.ts';

/** A bottle that still differs after this many turns in a row will not be mended by one more. */
const MAX_ROUNDS = 12;

/**
 * Passes until nothing is left to do, a failure needs a person, or time is up. What was started when time is up goes
 * on by itself; the next pass finds it.
 */
export async function converge(
  reconciler: Reconciler,
  options: PassOptions,
  limits: { readonly clock: Clock; readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<PassReport> {
  const { clock, signal } = limits;
  const deadlineMs = clock.elapsedMs() + limits.timeoutMs;
  const expired = new AbortController();
  const ended = signal === undefined ? expired.signal : AbortSignal.any([expired.signal, signal]);
  const timer = clock.sleep(limits.timeoutMs, ended).then(
    () => undefined,
    () => undefined,
  );
  try {
    for (let round = 1; ; round += 1) {
      const report = await reconciler.pass(options);
      if (report.kind === 'refused' || isOver()) return report;
      // Turns that another look started count as much as ours: what they did is not in this report.
      const worked = report.started.length + report.leftAlone.size;
      const wasWorking = worked > 0 || reconciler.snapshot().inFlight.size > 0;
      await Promise.race([reconciler.settled(), timer]);
      if (isOver() || round >= MAX_ROUNDS) return report;
      if (wasWorking) continue;
      const retryAtMs = reconciler.nextRetryMs();
      if (retryAtMs === null || retryAtMs > deadlineMs) return report;
      await clock.sleep(Math.max(0, retryAtMs - clock.elapsedMs()), ended).catch(() => undefined);
      if (isOver()) return report;
    }
  } finally {
    expired.abort();
  }

  function isOver(): boolean {
    return signal?.aborted === true || clock.elapsedMs() >= deadlineMs;
  }
}
