import type { Backend } from '../backends/backend.ts';
import type { Availability } from '../model/availability.ts';
import type { BackendObservation } from '../model/observed-state.ts';

/**
 * Remembers what each backend said of itself while its observations agree, so that a pass over an unchanged fleet
 * costs no call for it: an engine that went away or came back is probed again.
 */
export interface AvailabilityMemo {
  /** Asks those that were never asked, while they are observed. */
  ask(backends: readonly Backend[]): void;
  /** What it says, once it was observed. */
  of(backend: Backend, observation: BackendObservation | undefined): Promise<Availability>;
}

/** Starts empty: the first pass probes every backend once, beside its observation. */
export function createAvailabilityMemo(): AvailabilityMemo {
  const known = new Map<string, Availability>();
  const asked = new Map<string, Promise<Availability>>();
  return {
    ask(backends) {
      for (const backend of backends) {
        if (known.has(backend.name)) continue;
        const answer = backend.probe();
        // Whoever never comes for it has failed with something else.
        answer.catch(() => undefined);
        asked.set(backend.name, answer);
      }
    },
    async of(backend, observation) {
      const answer = asked.get(backend.name);
      asked.delete(backend.name);
      const remembered = known.get(backend.name);
      if (remembered?.available === true && observation?.available === true) return remembered;
      const probed = await (answer ?? backend.probe());
      known.set(backend.name, probed);
      return probed;
    },
  };
}
