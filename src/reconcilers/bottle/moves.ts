import type { Change } from '../../model/action.ts';
import type { ObservedContainer, ObservedNetwork } from '../../model/observed-state.ts';
import { bottleAddresses } from '../network/network-spec.ts';
import type { Current } from './current.ts';
import type { Target } from './target.ts';
import { reasonOf } from './words.ts';

/** What one component needs. `planned` tells a change of the specification from a repair. */
export type Move =
  | { readonly kind: 'keep' }
  /** `provision` starts too: the container was made but never filled. */
  | {
      readonly kind: 'start' | 'provision' | 'create' | 'recreate';
      readonly reason: string;
      readonly planned: boolean;
    };

/** What a bottle needs, component by component, before it is decided when. */
export interface Moves {
  readonly internal: Move;
  readonly external: Move;
  readonly sidecars: Move;
  readonly agent: Move;
  /** Why a table must be rendered and awaited, null where it is in force. */
  readonly reloadEgress: string | null;
  readonly reloadSupervise: string | null;
  /** True when the agent has a way around its sidecars: no policy may withhold the repair of that. */
  readonly exposed: boolean;
}

export const KEEP: Move = { kind: 'keep' };

/** The smallest moves that make `current` what `target` says. */
export function bottleMoves(current: Current, target: Target, changes: readonly Change[]): Moves {
  const { origins } = target.bottle;
  const hasNetworks = target.pool !== null;
  const internal = hasNetworks
    ? networkMove('internal', current.internal, target.hashes.internal)
    : KEEP;
  const external = hasNetworks
    ? networkMove('external', current.external, target.hashes.external)
    : KEEP;
  const wayAround = wayAroundOf(current.agents);
  const sidecars =
    dependentMove(current.sidecars, 'sidecars', [internal, external]) ??
    changeMove(current.sidecars, target.hashes.sidecars, () =>
      reasonOf(changes, ['restart-sidecar'], origins),
    ) ??
    detachedMove(current.sidecars, current, hasNetworks) ??
    stateMove(current.sidecars, 'sidecars');
  const agent =
    dependentMove(current.agents, 'agent', [internal]) ??
    (wayAround === null ? null : repair('recreate', `the agent is attached to ${wayAround}`)) ??
    changeMove(current.agents, target.hashes.agent, () =>
      reasonOf(changes, ['replace-agent'], origins),
    ) ??
    detachedMove(current.agents, current, hasNetworks) ??
    stateMove(current.agents, 'agent');
  const reason = () => reasonOf(changes, ['reload'], origins);
  const { egress, supervise } = current.statuses;
  const gate = gateReason(current.statuses);
  return {
    internal,
    external,
    sidecars,
    agent,
    reloadEgress: reloadReason(egress?.tableHash, target.table.hash, 'egress', reason) ?? gate,
    reloadSupervise: reloadReason(
      supervise?.settingsHash,
      target.settings.hash,
      'supervise',
      reason,
    ),
    exposed: wayAround !== null,
  };
}

/** True when nothing at all has to happen. */
export function isStill(moves: Moves): boolean {
  const { internal, external, sidecars, agent, reloadEgress, reloadSupervise } = moves;
  const kept = [internal, external, sidecars, agent].every((move) => move.kind === 'keep');
  return kept && reloadEgress === null && reloadSupervise === null;
}

function networkMove(
  which: 'internal' | 'external',
  networks: readonly ObservedNetwork[],
  wantedHash: string,
): Move {
  const [network] = networks;
  if (network === undefined) return repair('create', `the ${which} network is missing`);
  if (networks.length > 1)
    return repair('recreate', `there are ${networks.length} ${which} networks`);
  if (network.specHash === wantedHash) return KEEP;
  return { kind: 'recreate', reason: 'the pool of networks changed', planned: true };
}

/** A container that is missing, doubled, or on a network that goes away. */
function dependentMove(
  containers: readonly ObservedContainer[],
  name: string,
  networks: readonly Move[],
): Move | null {
  if (containers.length === 0) return repair('create', `the ${name} container is missing`);
  if (containers.length > 1) {
    return repair('recreate', `there are ${containers.length} ${name} containers`);
  }
  const moved = networks.find((network) => network.kind !== 'keep');
  return moved === undefined ? null : { ...moved, kind: 'recreate' };
}

function changeMove(
  [container]: readonly ObservedContainer[],
  wantedHash: string,
  reason: () => string,
): Move | null {
  if (container === undefined || container.specHash === wantedHash) return null;
  return { kind: 'recreate', reason: reason(), planned: true };
}

/** A network that leads past the sidecars. */
function wayAroundOf(agents: readonly ObservedContainer[]): string | null {
  for (const { addresses, otherNetworks = [] } of agents) {
    if (addresses['external-network'] !== undefined) return 'the external network';
    if (otherNetworks[0] !== undefined) return `the network ${otherNetworks[0]}`;
  }
  return null;
}

/**
 * Also of what does not run: a crash between making a container and attaching it leaves one that must not be started
 * as it is. An engine gives an address back only to a container that is made anew.
 */
function detachedMove(
  [container]: readonly ObservedContainer[],
  current: Current,
  hasNetworks: boolean,
): Move | null {
  if (container === undefined || !hasNetworks) return null;
  const expected = bottleAddresses({
    internal: current.internal[0]?.subnet ?? null,
    external: current.external[0]?.subnet ?? null,
  });
  const isAgent = container.component === 'agent';
  const internal = isAgent ? expected.agent : expected.sidecarsInternal;
  if (container.addresses['internal-network'] !== (internal ?? undefined)) {
    return repair('recreate', `the ${container.component} container is off the internal network`);
  }
  const [other] = container.otherNetworks ?? [];
  if (other !== undefined) {
    return repair('recreate', `the ${container.component} container is on the network ${other}`);
  }
  if (!isAgent && container.addresses['external-network'] !== expected.sidecarsExternal) {
    return repair('recreate', 'the sidecars container is off the external network');
  }
  return null;
}

function stateMove([container]: readonly ObservedContainer[], name: string): Move {
  switch (container?.state) {
    case undefined:
    case 'running':
    case 'restarting':
      return KEEP;
    case 'created':
      return repair(
        name === 'agent' ? 'provision' : 'start',
        `the ${name} container was never started`,
      );
    case 'exited':
      return repair(
        'start',
        `the ${name} container ended${exitWords(container?.exitCode ?? null)}`,
      );
    case 'paused':
      return repair('start', `the ${name} container is paused`);
    case 'dead':
      return repair('recreate', `the ${name} container is dead`);
  }
}

function reloadReason(
  inForce: string | null | undefined,
  wanted: string,
  sidecar: string,
  changed: () => string,
): string | null {
  if (inForce === wanted) return null;
  return inForce == null ? `${sidecar} does not say that it has its table` : changed();
}

/** The second gate has to enforce what the table in force speaks of. */
function gateReason({ egress, bundle }: Current['statuses']): string | null {
  const wanted = egress?.pipelockConfig;
  if (wanted === undefined) return null;
  const pipelock = bundle?.pipelock;
  if (pipelock?.configHash === wanted) return null;
  return pipelock?.state === 'ready'
    ? 'pipelock enforces another configuration'
    : 'pipelock does not say that it runs';
}

function exitWords(exitCode: number | null): string {
  return exitCode === null ? '' : ` with ${exitCode}`;
}

function repair(kind: Exclude<Move['kind'], 'keep'>, reason: string): Move {
  return { kind, reason, planned: false };
}
