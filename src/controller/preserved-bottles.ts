import type { DesiredState } from '../model/desired-state.ts';
import type { BottleName } from '../model/names.ts';
import type { ObservedState } from '../model/observed-state.ts';
import type { BottleRecords } from './ports/bottle-records.ts';

/** Bottles that left the commit and bear a mark. The others are not asked: theirs means nothing yet. */
export async function preservedBottles(
  desired: DesiredState,
  observed: ObservedState,
  records: BottleRecords,
): Promise<readonly BottleName[]> {
  const seen = Object.values(observed.backends).flatMap((observation) =>
    observation.available ? observation.bottles.map(({ name }) => name) : [],
  );
  const left = [...new Set([...seen, ...observed.inventory])].filter(
    (name) => !Object.hasOwn(desired.bottles, name),
  );
  const marks = await Promise.all(left.map((name) => records.readMark(name)));
  return left.filter((_, index) => marks[index] !== null).sort();
}
