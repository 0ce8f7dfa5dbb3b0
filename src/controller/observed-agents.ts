import type { BottleName } from '../model/names.ts';
import type { ObservedContainer, ObservedState } from '../model/observed-state.ts';

/** The containers of a bottle, on whichever backend they are. */
export function observedContainers(
  bottle: BottleName,
  observed: ObservedState,
): readonly ObservedContainer[] {
  return Object.values(observed.backends).flatMap((observation) =>
    observation.available
      ? observation.bottles.flatMap(({ name, containers }) => (name === bottle ? containers : []))
      : [],
  );
}

/** Those of them that an agent works in. */
export function observedAgents(
  bottle: BottleName,
  observed: ObservedState,
): readonly ObservedContainer[] {
  return observedContainers(bottle, observed).filter(({ component }) => component === 'agent');
}
