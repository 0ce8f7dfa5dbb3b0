import type { DesiredState } from '../model/desired-state.ts';
import { buildProblems } from '../model/dockerfile/build-steps.ts';
import type { BottleName } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import type { Answer } from './api.ts';
import type { PassResult } from './pass.ts';

/**
 * Whether an approval for `bottle` can be put in force, judged from the plan of its candidate: nothing is committed
 * that would only be reverted. Pure.
 */
export function applicable(
  { id, bottle, request }: Proposal,
  ahead: PassResult,
  before: DesiredState,
): Answer<null> {
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
  const image = before.bottles[bottle]?.spec.image;
  if (request.tool === 'capability-block' && image?.kind === 'rootfs') {
    return no(
      `bottle ${bottle} has the root file system "${image.name}" of the host: a Dockerfile would be built over the programs of this machine in its place`,
      `install what it asks for into "${image.name}" on the host, and bb reject ${id} with that as the reason; for a Dockerfile all the same take image: {rootfs: ${image.name}} out first, as a commit`,
    );
  }
  const backend = ahead.context.backends.find(({ name }) => name === planned?.backend);
  if (request.tool === 'capability-block' && backend?.capabilities.capabilityChange !== true) {
    return no(
      `bottle ${bottle} is on backend ${planned?.backend ?? '(none)'}, which cannot change its image`,
      'reject the proposal, or move the bottle to a backend that builds images',
    );
  }
  const unbuilt = backend?.capabilities.wholeDockerfiles === false ? unbuiltOf(ahead, bottle) : [];
  if (request.tool === 'capability-block' && unbuilt.length > 0) {
    return no(
      `backend ${planned?.backend ?? ''} cannot build this: ${unbuilt.join('; ')}`,
      'bb modify leaves it out, or move the bottle to a backend that builds every Dockerfile',
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

/** What of the candidate's Dockerfile is built by an engine only. */
function unbuiltOf({ desired, context }: PassResult, bottle: BottleName): readonly string[] {
  const image = desired.bottles[bottle]?.spec.image;
  const text = image?.kind === 'dockerfile' ? desired.contents.get(image.digest) : undefined;
  if (image?.kind !== 'dockerfile' || text === undefined) return [];
  const base = context.host.imageBase;
  return buildProblems(new TextDecoder().decode(text), base).map(
    ({ line, message }) => `${image.path}:${line} ${message}`,
  );
}

function no(message: string, hint: string): Answer<never> {
  return { ok: false, refusal: { kind: 'conflict', message, hint, diagnostics: [] } };
}
