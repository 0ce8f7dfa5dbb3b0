import type { BottleName } from '../model/names.ts';
import type { PassResult } from './pass.ts';
import type { BottleMetadata, BottleRecords } from './ports/bottle-records.ts';

/** What was written down of the bottles that are still there and that no commit tells of any more. */
export async function leftMetadata(
  last: PassResult | null,
  records: BottleRecords,
): Promise<ReadonlyMap<BottleName, BottleMetadata>> {
  const left = new Map<BottleName, BottleMetadata>();
  for (const { bottle } of last?.plan.bottles ?? []) {
    if (last?.desired.bottles[bottle] !== undefined) continue;
    const metadata = await records.readMetadata(bottle);
    if (metadata !== null) left.set(bottle, metadata);
  }
  return left;
}
