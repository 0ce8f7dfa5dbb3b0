import type { Component } from '../../model/component.ts';
import type { ObservedBottle } from '../../model/observed-state.ts';
import type { Step, StepList } from '../step-list.ts';
import { isAlive } from './current.ts';

/**
 * Takes everything of a bottle away on one backend: agent → sidecars → networks, so that no agent ever outlives its
 * guard. Returns the steps that the rest waits for.
 */
export function removeBottle(
  steps: StepList,
  bottle: ObservedBottle,
  reason: string,
  after: readonly Step[] = [],
): readonly Step[] {
  const agent = removeContainer(steps, bottle, 'agent', reason, after);
  const sidecars = removeContainer(steps, bottle, 'sidecars', reason, agent);
  const networks = (['internal-network', 'external-network'] as const).flatMap((component) =>
    bottle.networks.some((network) => network.component === component)
      ? [steps.add(bottle.backend, { kind: 'remove', component }, reason, sidecars)]
      : [],
  );
  return networks.length === 0 ? sidecars : networks;
}

function removeContainer(
  steps: StepList,
  bottle: ObservedBottle,
  component: Extract<Component, 'agent' | 'sidecars'>,
  reason: string,
  after: readonly Step[],
): readonly Step[] {
  const ours = bottle.containers.filter((container) => container.component === component);
  if (ours.length === 0) return after;
  const stop = ours.some(isAlive)
    ? steps.add(bottle.backend, { kind: 'stop', component }, reason, after)
    : null;
  return [
    steps.add(
      bottle.backend,
      { kind: 'remove', component },
      reason,
      stop === null ? after : [stop],
    ),
  ];
}
