import type { DesiredState } from '../model/desired-state.ts';
import type { BottleName } from '../model/names.ts';
import type { BackendObservation, ObservedBottle, ObservedState } from '../model/observed-state.ts';
import { SharedParts } from './bottle/shared-parts.ts';
import { Subnets } from './network/subnets.ts';
import type { PlanContext } from './plan-context.ts';

type Available = Extract<BackendObservation, { available: true }>;

/** One usable backend, indexed for look-ups by name. */
export interface BackendView {
  readonly entry: PlanContext['backends'][number];
  readonly foreign: ReadonlySet<string>;
  readonly images: ReadonlySet<string>;
  readonly subnets: Subnets;
}

/** A backend that cannot be asked or changed now. */
interface AbsentBackend {
  readonly name: string;
  readonly reason: string;
}

/** Inputs of one plan with the indices that keep it linear in the number of bottles. */
export interface World {
  readonly desired: DesiredState;
  readonly observed: ObservedState;
  readonly context: PlanContext;
  readonly present: ReadonlyMap<string, BackendView>;
  readonly absent: ReadonlyMap<string, AbsentBackend>;
  /** Where each bottle is seen, in order of preference. */
  readonly seen: ReadonlyMap<BottleName, readonly ObservedBottle[]>;
  readonly inventory: ReadonlySet<BottleName>;
  readonly shared: SharedParts;
}

/** Indexes the inputs; the only mutable thing in it hands out subnets. */
export function indexWorld(
  desired: DesiredState,
  observed: ObservedState,
  context: PlanContext,
): World {
  const present = new Map<string, BackendView>();
  const absent = new Map<string, AbsentBackend>();
  const seen = new Map<BottleName, ObservedBottle[]>();
  for (const entry of context.backends) {
    const { name } = entry;
    const observation = observed.backends[name];
    const reason = absenceOf(entry, observation);
    if (reason !== null || observation?.available !== true) {
      absent.set(name, { name, reason: reason ?? 'it was not observed' });
      continue;
    }
    present.set(name, viewOf(entry, observation));
    for (const bottle of observation.bottles) {
      const places = seen.get(bottle.name);
      if (places === undefined) seen.set(bottle.name, [bottle]);
      else places.push(bottle);
    }
  }
  const inventory = new Set(observed.inventory);
  const shared = new SharedParts(context.host);
  return { desired, observed, context, present, absent, seen, inventory, shared };
}

function absenceOf(
  entry: PlanContext['backends'][number],
  observation: BackendObservation | undefined,
): string | null {
  if (!entry.availability.available)
    return `${entry.availability.reason}; ${entry.availability.fix}`;
  if (observation === undefined) return 'it was not observed';
  return observation.available ? null : observation.reason;
}

function viewOf(entry: PlanContext['backends'][number], observation: Available): BackendView {
  return {
    entry,
    foreign: new Set(observation.foreign.map((object) => `${object.kind} ${object.name}`)),
    images: new Set(observation.images),
    subnets: new Subnets(observation.subnetsInUse),
  };
}
