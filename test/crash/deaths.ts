import { expect } from 'vitest';
import { type FleetUnderTest, fleetUnderTest } from '../scenario/fleet-under-test.ts';
import { type Aftermath, aftermathOf } from './aftermath.ts';
import type { Deed } from './deeds.ts';
import { type Ended, mortalProcess } from './mortal-process.ts';
import { saveWorld } from './saved-world.ts';

/** Which steps are fatal, one run each, of all that an undisturbed run took. */
export type Choose = (steps: readonly string[]) => readonly number[];

/** Everyone, and one more that a run of another order may take. */
export const EVERY: Choose = (steps) => [...steps.keys(), steps.length].map((index) => index + 1);

/** A few, evenly over the whole of it: the first step of each of `phases` parts. */
export function oneOfEach(phases: number): Choose {
  return ({ length }) =>
    Array.from({ length: phases }, (_, at) => 1 + Math.floor((at * length) / phases));
}

/**
 * Lets a process of the built `bb` die at each chosen step of a deed in a simulated fleet, has the deed finished by
 * those that come after it, and expects the world to be as if nobody had died. Gives how many died.
 */
export async function dieAtSteps(deed: Deed, choose: Choose): Promise<number> {
  await using fleet = await fleetUnderTest({ engine: null });
  await deed.prepare(fleet);
  await using world = await saveWorld(fleet);
  const undisturbed = await live(fleet, deed, null);
  let deaths = 0;
  for (const step of choose(undisturbed.ended.steps)) {
    await world.restore();
    const { ended, aftermath } = await live(fleet, deed, step);
    const at = `step ${step}: ${ended.steps.at(-1)}`;
    if (ended.died) deaths += 1;
    expect(aftermath, at).toEqual(undisturbed.aftermath);
  }
  return deaths;
}

async function live(
  fleet: FleetUnderTest,
  deed: Deed,
  step: number | null,
): Promise<{ readonly ended: Ended; readonly aftermath: Aftermath }> {
  const ended = await deed.play(fleet, await mortalProcess(fleet, step, ...deed.argv));
  await deed.finish(fleet);
  return { ended, aftermath: await aftermathOf(fleet) };
}
