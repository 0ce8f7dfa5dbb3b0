import type { Clock, Random } from '../model/clock.ts';
import { nextDelayMs } from './backoff.ts';

/** How a piece of work ended. */
export type WorkOutcome =
  /** `requeueAfterMs`: look again then, though nothing may have happened. */
  | { readonly kind: 'done'; readonly requeueAfterMs: number | null }
  /** Tried again with backoff. */
  | { readonly kind: 'failed' };

export interface WorkQueueOptions<Key> {
  /** Must not throw: what it throws counts as a failure. `signal` aborts when the queue closes. */
  readonly work: (key: Key, signal: AbortSignal) => Promise<WorkOutcome>;
  readonly clock: Clock;
  readonly random: Random;
}

/** Keys that wait for work, not events: however often a key is added, the next look sees everything. */
export interface WorkQueue<Key> {
  /** Work on `key` soon: at once when it is idle or backing off, once more when it is being worked on. */
  add(key: Key): void;
  /** Ends timers, aborts work and waits for it. Nothing starts afterwards. */
  close(): Promise<void>;
}

interface Entry {
  running: Promise<void> | null;
  addedMeanwhile: boolean;
  failures: number;
  timer: AbortController | null;
}

/** One piece of work a key at a time; keys do not wait for each other. */
export function createWorkQueue<Key>(options: WorkQueueOptions<Key>): WorkQueue<Key> {
  const { work, clock, random } = options;
  const closed = new AbortController();
  const entries = new Map<Key, Entry>();

  function add(key: Key): void {
    if (closed.signal.aborted) return;
    const entry = entries.get(key) ?? createEntry();
    entries.set(key, entry);
    if (entry.running !== null) {
      entry.addedMeanwhile = true;
      return;
    }
    entry.timer?.abort();
    entry.timer = null;
    entry.running = run(key, entry);
  }

  async function run(key: Key, entry: Entry): Promise<void> {
    const outcome = await work(key, closed.signal).catch((): WorkOutcome => ({ kind: 'failed' }));
    entry.running = null;
    entry.failures = outcome.kind === 'failed' ? entry.failures + 1 : 0;
    if (closed.signal.aborted) return;
    if (entry.addedMeanwhile) {
      entry.addedMeanwhile = false;
      add(key);
      return;
    }
    const delayMs =
      outcome.kind === 'failed'
        ? nextDelayMs(entry.failures, random.next())
        : outcome.requeueAfterMs;
    if (delayMs === null) entries.delete(key);
    else schedule(key, entry, delayMs);
  }

  function schedule(key: Key, entry: Entry, delayMs: number): void {
    const timer = new AbortController();
    entry.timer = timer;
    clock.sleep(delayMs, timer.signal).then(
      () => add(key),
      // Aborted: added by hand before its time, or closed.
      () => undefined,
    );
  }

  return {
    add,
    async close() {
      closed.abort();
      for (const { timer } of entries.values()) timer?.abort();
      await Promise.all([...entries.values()].map(({ running }) => running));
    },
  };
}

function createEntry(): Entry {
  return { running: null, addedMeanwhile: false, failures: 0, timer: null };
}
