import type { BottleName } from '../model/names.ts';

/** Lets a step wait for the next change of a bottle's status files, so that nothing polls while it waits. */
export interface StatusHints {
  /** Resolves at the next hint about this bottle; take it before reading, so that no change falls between. */
  next(bottle: BottleName): Promise<void>;
  /** A status file of the bottle may have changed. */
  tell(bottle: BottleName): void;
}

/** Hints in memory: each waiter is woken once. */
export function createStatusHints(): StatusHints {
  const waiting = new Map<BottleName, { promise: Promise<void>; wake: () => void }>();
  return {
    next(bottle) {
      const known = waiting.get(bottle);
      if (known !== undefined) return known.promise;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(bottle, { promise, wake: resolve });
      return promise;
    },
    tell(bottle) {
      const known = waiting.get(bottle);
      waiting.delete(bottle);
      known?.wake();
    },
  };
}
