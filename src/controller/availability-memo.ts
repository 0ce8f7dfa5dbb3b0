import type { Backend } from '../backends/backend.ts';
import type { Availability } from '../model/availability.ts';
import type { BackendObservation } from '../model/observed-state.ts';

/**
 * Remembers what each backend said of itself while its observations agree, so that a pass over an unchanged fleet
 * costs no call for it: an engine that went away or came back is probed again.
 */
export interface AvailabilityMemo {
  of(backend: Backend, observation: BackendObservation | undefined): Promise<Availability>;
}

/** Starts empty: the first pass probes every backend once. */
export function createAvailabilityMemo(): AvailabilityMemo {
  const known = new Map<string, Availability>();
  return {
    async of(backend, observation) {
      const remembered = known.get(backend.name);
      if (remembered?.available === true && observation?.available === true) return remembered;
      const probed = await backend.probe();
      known.set(backend.name, probed);
      return probed;
    },
  };
}
