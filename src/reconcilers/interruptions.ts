import type { Plan } from '../model/action.ts';
import type { DesiredState } from '../model/desired-state.ts';
import type { BottleName } from '../model/names.ts';
import type { PlanContext } from './plan-context.ts';

/**
 * Bottles that this plan would interrupt and that are to be interrupted only while nobody works in them: what has to
 * be asked before the plan may run. Empty for an unchanged fleet, and for all that an operator permitted.
 */
export function interruptions(
  plan: Plan,
  desired: DesiredState,
  { permissions }: PlanContext,
): readonly BottleName[] {
  const stopped = plan.actions.filter(({ action }) => action.kind === 'stop');
  return [...new Set(stopped.map(({ bottle }) => bottle))].filter(
    (name) =>
      desired.bottles[name]?.updatePolicy === 'when-idle' && !permissions.applyNow.includes(name),
  );
}
