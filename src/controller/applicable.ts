import type { Proposal } from '../model/proposal.ts';
import type { Answer } from './api.ts';
import type { PassResult } from './pass.ts';

/**
 * Whether an approval for `bottle` can be put in force, judged from the plan of its candidate: nothing is committed
 * that would only be reverted. Pure.
 */
export function applicable({ bottle, request }: Proposal, ahead: PassResult): Answer<null> {
  const { plan, observed } = ahead;
  if (plan.refused !== null) return no(plan.refused.reason, plan.refused.hint);
  if (ahead.desired.bottles[bottle] === undefined) {
    return no(`bottle ${bottle} is not in the fleet`, 'reject the proposal, or start the bottle');
  }
  const planned = plan.bottles.find((candidate) => candidate.bottle === bottle);
  switch (planned?.verdict) {
    case 'suspended':
      return no(`bottle ${bottle} is suspended`, 'bb unsuspend first, then approve');
    case 'blocked':
    case 'unknown':
      return no(`bottle ${bottle} cannot be changed now`, planned.pending ?? 'see bb status');
    default:
  }
  const backend = ahead.context.backends.find(({ name }) => name === planned?.backend);
  if (request.tool === 'capability-block' && backend?.capabilities.capabilityChange !== true) {
    return no(
      `bottle ${bottle} is on backend ${planned?.backend ?? '(none)'}, which cannot change its image`,
      'reject the proposal, or move the bottle to a backend that builds images',
    );
  }
  const isRunning = Object.values(observed.backends).some(
    (observation) =>
      observation.available &&
      observation.bottles.some(
        ({ name, containers }) =>
          name === bottle &&
          containers.some(
            ({ component, state }) => component === 'sidecars' && state === 'running',
          ),
      ),
  );
  return isRunning
    ? { ok: true, value: null }
    : no(`bottle ${bottle} does not run`, 'bb reconcile starts it; then approve');
}

function no(message: string, hint: string): Answer<never> {
  return { ok: false, refusal: { kind: 'conflict', message, hint, diagnostics: [] } };
}
