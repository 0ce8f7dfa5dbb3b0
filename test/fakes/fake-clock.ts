import type { Clock } from '../../src/model/clock.ts';

/** Time that moves only when a test says so. */
export class FakeClock implements Clock {
  #elapsedMs = 0;
  /** What `nowMs` is ahead of it. */
  #epochMs: number;
  readonly #sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  constructor(nowMs = 1_767_225_600_000) {
    this.#epochMs = nowMs;
  }

  nowMs(): number {
    return this.#epochMs + this.#elapsedMs;
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** The clock is set, by somebody or by the network: no time goes by. */
  step(ms: number): void {
    this.#epochMs += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const sleeper = { atMs: this.#elapsedMs + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        if (this.#sleepers.delete(sleeper)) reject(signal.reason);
      });
    });
  }

  /** How many sleeps are under way. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Moves time on, waking sleepers in order, each with what it causes done before the next. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    for (;;) {
      await settle();
      const [next] = [...this.#sleepers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#sleepers.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      next.wake();
    }
    this.#elapsedMs = untilMs;
  }
}

/** Lets every promise that is ready run, and what follows from it. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
