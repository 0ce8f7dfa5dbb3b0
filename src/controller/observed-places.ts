import type { BottleName } from '../model/names.ts';
import type { ObservedBottle, ObservedContainer, ObservedState } from '../model/observed-state.ts';

/** A bottle on each backend where something of it is seen. */
export function placesOf(bottle: BottleName, observed: ObservedState): readonly ObservedBottle[] {
  return Object.values(observed.backends).flatMap((observation) =>
    observation.available ? observation.bottles.filter(({ name }) => name === bottle) : [],
  );
}

/** All of its containers, on whichever backend they are. */
export function observedContainers(
  bottle: BottleName,
  observed: ObservedState,
): readonly ObservedContainer[] {
  return placesOf(bottle, observed).flatMap(({ containers }) => containers);
}
