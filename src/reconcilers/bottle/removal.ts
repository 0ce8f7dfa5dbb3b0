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

export interface Removal {
  /** The agent's file system is saved as this image before it goes; a save that fails keeps all the rest. */
  readonly saveAs?: SaveAs | null;
  /** Its sessions are kept for a successor elsewhere. */
  readonly keepsSessions?: boolean;
  /** What must be there before anything goes. */
  readonly after?: readonly (Step | null)[];
}

/**
 * Takes everything of a bottle away on one backend: agent → sidecars → networks, so that no agent ever outlives its
 * guard. Returns the steps that the rest waits for.
 */
export function removeBottle(
  steps: StepList,
  bottle: ObservedBottle,
  reason: string,
  { saveAs = null, keepsSessions = false, after = [] }: Removal = {},
): readonly (Step | null)[] {
  const isAgentAlive = bottle.containers.some((one) => one.component === 'agent' && isAlive(one));
  const ready =
    keepsSessions && isAgentAlive
      ? [steps.add(bottle.backend, { kind: 'keep-sessions' }, reason, after)]
      : after;
  const agent = removeContainer(steps, bottle, 'agent', reason, ready, saveAs);
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
  after: readonly (Step | null)[],
  saveAs: SaveAs | null,
): readonly (Step | null)[] {
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
