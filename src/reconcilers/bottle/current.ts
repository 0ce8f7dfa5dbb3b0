import type { Component } from '../../model/component.ts';
import type {
  ObservedBottle,
  ObservedContainer,
  ObservedNetwork,
} from '../../model/observed-state.ts';
import type { SidecarStatuses } from '../../model/sidecar.ts';
import { sortedBy } from '../order.ts';

/** One bottle as it is where it is looked for, by component. More than one of a component is drift. */
export interface Current {
  readonly agents: readonly ObservedContainer[];
  readonly sidecars: readonly ObservedContainer[];
  readonly internal: readonly ObservedNetwork[];
  readonly external: readonly ObservedNetwork[];
  readonly busy: boolean;
  readonly statuses: SidecarStatuses;
}

const NO_STATUSES: SidecarStatuses = { egress: null, supervise: null, bundle: null };

/** Sorts what was observed by component; a bottle that is seen nowhere has nothing of each. */
export function currentBottle(
  observed: ObservedBottle | null,
  statuses: SidecarStatuses | undefined,
): Current {
  const containers = (component: Component) =>
    only(observed?.containers ?? [], component, (container) => container.name);
  const networks = (component: Component) =>
    only(observed?.networks ?? [], component, (network) => network.name);
  return {
    agents: containers('agent'),
    sidecars: containers('sidecars'),
    internal: networks('internal-network'),
    external: networks('external-network'),
    busy: observed?.busy ?? false,
    statuses: statuses ?? NO_STATUSES,
  };
}

/** True when nothing at all of it is there. */
export function isNothing(current: Current): boolean {
  const { agents, sidecars, internal, external } = current;
  return agents.length + sidecars.length + internal.length + external.length === 0;
}

/** True when a stop would end something. */
export function isAlive(container: ObservedContainer): boolean {
  return ['running', 'paused', 'restarting'].includes(container.state);
}

function only<Thing extends { readonly component: Component }>(
  things: readonly Thing[],
  component: Component,
  name: (thing: Thing) => string,
): readonly Thing[] {
  const ours = things.filter((thing) => thing.component === component);
  return ours.length < 2 ? ours : sortedBy(ours, name);
}
