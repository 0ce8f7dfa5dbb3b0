import { expect } from 'vitest';
import type { FleetUnderTest } from '../scenario/fleet-under-test.ts';
import { mortalProcess } from './mortal-process.ts';
import { type PlaceAftermath, placeAftermath } from './place-aftermath.ts';

/** One commit on a bottle's way from nothing to nothing; the next one begins where it ends. */
export interface Stage {
  readonly what: string;
  /** Null removes a file. */
  files(life: number): { readonly [path: string]: string | null };
}

/** Steps of a stage that are fatal, one in each life: `rounds` of them over all that there are. */
function spread(steps: number, rounds: number): readonly number[] {
  return Array.from(
    { length: rounds },
    (_, round) => 1 + Math.floor(((round + 0.5) * steps) / rounds),
  );
}

/**
 * Leads a real bottle through its stages again and again. In the first life nothing happens; in each of the others
 * `bb reconcile` dies once in every stage, and another one finishes it. Each must leave what the first one left.
 * Gives how many died.
 */
export async function dieInLives(
  fleet: FleetUnderTest,
  stages: readonly Stage[],
  options: { readonly rounds: number; readonly mark: string },
): Promise<number> {
  const { rounds, mark } = options;
  const undisturbed: { readonly steps: number; readonly aftermath: PlaceAftermath }[] = [];
  for (const { files } of stages) {
    await fleet.repository.commit(files(0));
    const { steps, exitCode, all } = await (await mortalProcess(fleet, null, 'reconcile')).ended;
    if (exitCode !== 0) throw new Error(`an undisturbed reconcile ended with ${exitCode}:\n${all}`);
    undisturbed.push({ steps: steps.length, aftermath: await placeAftermath(fleet, mark) });
  }
  let deaths = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { what, files }] of stages.entries()) {
      const known = undisturbed[index];
      if (known === undefined) continue;
      await fleet.repository.commit(files(round + 1));
      const step = spread(known.steps, rounds)[round] ?? 1;
      const { died, steps } = await (await mortalProcess(fleet, step, 'reconcile')).ended;
      if (died) deaths += 1;
      await fleet.done('reconcile');
      const at = `${what}, step ${step} of ${known.steps}: ${steps.at(-1)}`;
      // An engine takes a moment to notice that nobody waits for its build any more.
      await expect
        .poll(() => placeAftermath(fleet, mark), { message: at, timeout: 10_000, interval: 200 })
        .toEqual(known.aftermath);
    }
  }
  return deaths;
}
