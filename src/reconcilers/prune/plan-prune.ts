import type { BottlePlan } from '../../model/action.ts';
import type { BottleName } from '../../model/names.ts';
import type { PlannedBottle } from '../bottle/plan-bottle.ts';
import { removeBottle } from '../bottle/removal.ts';
import { StepList } from '../step-list.ts';
import type { World } from '../world.ts';
import { isPreserved, preservedImage } from './preservation.ts';

/** Owned minus desired: what is labelled as ours or in the inventory, and no commit asks for any more. */
export function leftBottles(world: World): readonly BottleName[] {
  const owned = new Set([...world.seen.keys(), ...world.inventory]);
  return [...owned].filter((name) => !Object.hasOwn(world.desired.bottles, name));
}

/** Removes a bottle that left the commit, everywhere where it is seen; its state goes last. */
export function planPrune(name: BottleName, world: World): PlannedBottle {
  const places = world.seen.get(name) ?? [];
  const backend = places[0]?.backend ?? null;
  const reason = `no longer in ${world.context.revision.slice(0, 7)}`;
  if (world.desired.fleet.suspend) {
    const pending = `${reason}; the fleet is suspended, so nothing is done to it`;
    return { plan: prunePlan(name, backend, 'suspended', pending), steps: [] };
  }
  const hiding = hidingPlace(name, world);
  if (backend === null && hiding !== null) {
    const pending = `${reason}; it may be on ${hiding}, which is not available, so it is kept`;
    return { plan: prunePlan(name, hiding, 'unknown', pending), steps: [] };
  }
  const steps = new StepList();
  const isKept = isPreserved(name, places, world.context);
  const reference = preservedImage(world.desired.fleet.name, name);
  const gone = places.flatMap((place) => {
    const canSave = world.present.get(place.backend)?.entry.capabilities.freeze === true;
    return removeBottle(steps, place, reason, { saveAs: isKept ? { reference, canSave } : null });
  });
  const last = backend ?? world.context.applied[name]?.backend ?? [...world.present.keys()][0];
  if (hiding === null && last !== undefined) {
    steps.add(last, { kind: isKept ? 'keep-state' : 'remove-state' }, reason, gone);
  }
  return { plan: prunePlan(name, last ?? null, 'remove', null), steps: steps.steps };
}

/** An absent backend that may hold the bottle: the recorded one, or any while there is no record. */
function hidingPlace(name: BottleName, world: World): string | null {
  const recorded = world.context.applied[name]?.backend;
  if (recorded !== undefined) return world.absent.has(recorded) ? recorded : null;
  const isSeen = world.seen.has(name);
  return isSeen ? null : ([...world.absent.keys()][0] ?? null);
}

function prunePlan(
  bottle: BottleName,
  backend: string | null,
  verdict: BottlePlan['verdict'],
  pending: string | null,
): BottlePlan {
  return { bottle, backend, verdict, impact: 'none', changes: [], pending, drifted: false };
}
