import type { Clock } from '../model/clock.ts';

/** When the loop looks next. */
export interface Looks {
  now(): void;
  /** Within a second; a look that comes sooner is this one, too. */
  soon(): void;
  /** No look comes of `soon` any more. */
  end(): void;
}

const SOON_MS = 1_000;

export function createLooks(look: () => void, clock: Pick<Clock, 'sleep'>): Looks {
  let due: AbortController | null = null;
  const end = (): void => {
    due?.abort();
    due = null;
  };
  const now = (): void => {
    end();
    look();
  };
  return {
    now,
    soon() {
      if (due !== null) return;
      due = new AbortController();
      clock.sleep(SOON_MS, due.signal).then(now, () => undefined);
    },
    end,
  };
}
