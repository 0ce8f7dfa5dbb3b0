export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** The sample below which this part of them is, by nearest rank: always one that was measured. */
export function quantile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  const found = sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];
  if (found === undefined) throw new Error('nothing was measured');
  return found;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** Runs each of the contenders once a round, in turns, so that what else the machine does meets all of them alike. */
export async function inTurns<Name extends string>(
  rounds: number,
  contenders: { readonly [name in Name]: () => Promise<number> },
): Promise<{ readonly [name in Name]: readonly number[] }> {
  const names = Object.keys(contenders) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as {
    [name in Name]: number[];
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) samples[name].push(await contenders[name]());
  }
  return samples;
}
