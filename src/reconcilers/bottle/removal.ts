import type { Component } from '../../model/component.ts';
import type { ObservedBottle } from '../../model/observed-state.ts';
import type { Step, StepList } from '../step-list.ts';
import { isAlive } from './current.ts';

/** What is kept of an agent that goes. */
interface SaveAs {
  readonly reference: string;
  /** Whether its backend saves containers at all (`freeze`). One that does not is no reason to stay for ever. */
  readonly canSave: boolean;
}

/**
 * Takes everything of a bottle away on one backend: agent → sidecars → networks, so that no agent ever outlives its
 * guard. With `saveAs`, the agent's file system is saved as this image before it goes, where the backend `canSave`; a
 * save that fails keeps all the rest. Returns the steps that the rest waits for.
 */
export function removeBottle(
  steps: StepList,
  bottle: ObservedBottle,
  reason: string,
  saveAs: SaveAs | null = null,
): readonly Step[] {
  const agent = removeContainer(steps, bottle, 'agent', reason, [], saveAs);
  const sidecars = removeContainer(steps, bottle, 'sidecars', reason, agent, null);
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
  saveAs: SaveAs | null,
): readonly Step[] {
  const ours = bottle.containers.filter((container) => container.component === component);
  if (ours.length === 0) return after;
  const stop = ours.some(isAlive)
    ? steps.add(bottle.backend, { kind: 'stop', component }, reason, after)
    : null;
  const stopped = stop === null ? after : [stop];
  if (saveAs?.canSave !== true) {
    const lost = `${reason}; its agent crashed, and what is in it is lost: ${bottle.backend} saves no bottle`;
    const why = saveAs === null ? reason : lost;
    return [steps.add(bottle.backend, { kind: 'remove', component }, why, stopped)];
  }
  const saved = steps.add(
    bottle.backend,
    { kind: 'snapshot', component: 'agent', reference: saveAs.reference },
    'its agent crashed, so its files are kept',
    stopped,
  );
  return [steps.add(bottle.backend, { kind: 'remove', component }, reason, [saved])];
}
