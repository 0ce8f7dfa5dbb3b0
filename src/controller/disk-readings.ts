import type { BottleName } from '../model/names.ts';
import type { DiskUse } from '../model/observed-state.ts';

/** What bottles took on the disk when it was last measured, for the passes until the next time. */
export class DiskReadings {
  #uses: ReadonlyMap<BottleName, DiskUse> = new Map();

  all(): ReadonlyMap<BottleName, DiskUse> {
    return this.#uses;
  }

  /** Of these, where they are known. */
  of(bottles: readonly BottleName[]): ReadonlyMap<BottleName, DiskUse> {
    return new Map([...this.#uses].filter(([bottle]) => bottles.includes(bottle)));
  }

  /** Takes what was measured and gives the bottles of which `isPast` says something else than before. */
  replace(
    uses: ReadonlyMap<BottleName, DiskUse>,
    isPast: (bottle: BottleName, use: DiskUse) => boolean,
  ): readonly BottleName[] {
    const before = this.#uses;
    this.#uses = uses;
    const wasPast = (bottle: BottleName) => {
      const use = before.get(bottle);
      return use !== undefined && isPast(bottle, use);
    };
    return [...uses].flatMap(([bottle, use]) =>
      isPast(bottle, use) === wasPast(bottle) ? [] : [bottle],
    );
  }
}
