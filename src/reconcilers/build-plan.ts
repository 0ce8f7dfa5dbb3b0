import type { Plan, PlannedAction } from '../model/action.ts';
import type { DesiredState } from '../model/desired-state.ts';
import type { BottleName } from '../model/names.ts';
import type { ObservedState } from '../model/observed-state.ts';
import { planBottle } from './bottle/plan-bottle.ts';
import { byText } from './order.ts';
import type { PlanContext } from './plan-context.ts';
import { massDeletionRefusal } from './prune/mass-deletion.ts';
import { leftBottles, planPrune } from './prune/plan-prune.ts';
import { numberSteps } from './step-list.ts';
import { indexWorld } from './world.ts';

/**
 * Everything that makes `observed` what `desired` says, in words before anything happens. Pure and deterministic:
 * bottles in the order of their names, equal inputs give equal plans. Actions of a bottle wait only for its own.
 */
export function buildPlan(
  desired: DesiredState,
  observed: ObservedState,
  context: PlanContext,
): Plan {
  const world = indexWorld(desired, observed, context);
  const left = new Set(leftBottles(world));
  const names = [...(Object.keys(desired.bottles) as BottleName[]), ...left].sort(byText);
  const planned = names.map((name) => {
    const bottle = desired.bottles[name];
    return bottle === undefined ? planPrune(name, world) : planBottle(bottle, world);
  });
  const actions: PlannedAction[] = [];
  for (const { plan, steps } of planned) {
    actions.push(...numberSteps(plan.bottle, steps, actions.length + 1));
  }
  const removed = planned.filter(({ plan }) => plan.verdict === 'remove').length;
  const existing = new Set([...world.seen.keys(), ...world.inventory]).size;
  const { allowMassDelete } = context.permissions;
  return {
    bottles: planned.map(({ plan }) => plan),
    actions,
    refused: massDeletionRefusal(removed, existing, allowMassDelete),
  };
}
