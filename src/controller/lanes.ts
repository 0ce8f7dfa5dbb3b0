/** Bounds how many bottles are worked on at once; short work passes by the queue. */
export interface Lanes {
  run<Value>(work: () => Promise<Value>): Promise<Value>;
  /** True while nothing runs or waits. */
  readonly isIdle: boolean;
}

/** At most `width` pieces of work at a time, first come first served. */
export function createLanes(width: number): Lanes {
  let free = width;
  const waiting: (() => void)[] = [];
  return {
    get isIdle() {
      return free === width;
    },
    async run(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
