import type { Change } from '../../model/action.ts';
import type { ObservedContainer } from '../../model/observed-state.ts';
import type { EgressStatus, EgressTable } from '../../model/sidecar.ts';
import { diff } from '../diff.ts';
import type { Current } from './current.ts';
import type { Target } from './target.ts';

type View = { readonly [key: string]: unknown };
type Pair = { readonly observed: View; readonly desired: View };

/**
 * Differences between what is in force and what is wanted, part by part. Containers say by their labels what they
 * were made of, sidecars by their status what they enforce; a part that is missing is no difference but a repair.
 */
export function bottleChanges(current: Current, target: Target): readonly Change[] {
  const pairs = [
    ...containerPair(current.agents, target.hashes.agent, { ...target.agent }),
    ...containerPair(current.sidecars, target.hashes.sidecars, { sidecars: target.sidecars }),
    ...networksPair(current, target),
    ...egressPair(current.statuses.egress, target),
    ...supervisePair(current, target),
  ];
  if (pairs.length === 0) return [];
  return diff(
    Object.assign({}, ...pairs.map((pair) => pair.observed)),
    Object.assign({}, ...pairs.map((pair) => pair.desired)),
  );
}

/** The one difference of a bottle that is on another backend than it should be. */
export function backendChanges(from: string, to: string): readonly Change[] {
  return diff({ backend: from }, { backend: to });
}

function containerPair(
  containers: readonly ObservedContainer[],
  wantedHash: string,
  desired: View,
): readonly Pair[] {
  const [container] = containers;
  if (container === undefined || container.specHash === wantedHash) return [];
  const applied = parseApplied(container.applied);
  const observed = 'sidecars' in desired ? { sidecars: applied } : applied;
  return [{ observed, desired }];
}

function networksPair(current: Current, target: Target): readonly Pair[] {
  const { hashes, pool } = target;
  const moved =
    current.internal.find((network) => network.specHash !== hashes.internal) ??
    current.external.find((network) => network.specHash !== hashes.external);
  if (moved === undefined || pool === null) return [];
  return [{ observed: { networks: { pool: moved.subnet } }, desired: { networks: { pool } } }];
}

/** A table that the sidecar never had is a repair: see `moves.ts`. */
function egressPair(status: EgressStatus | null, target: Target): readonly Pair[] {
  const { table } = target;
  if (status?.tableHash == null || status.tableHash === table.hash) return [];
  const observed = tableView(status);
  const desired = tableView(table);
  if (diff(observed, desired).length > 0) return [{ observed, desired }];
  const observedGate = status.pipelockConfig ?? null;
  const desiredGate = table.pipelockConfig ?? null;
  if (observedGate !== desiredGate) {
    return [{ observed: { pipelock: observedGate }, desired: { pipelock: desiredGate } }];
  }
  return [{ observed: { upstream: null }, desired: { upstream: table.upstream } }];
}

function supervisePair(current: Current, target: Target): readonly Pair[] {
  const status = current.statuses.supervise;
  const { hash, waitSeconds, maxPendingPerBottle } = target.settings;
  if (status?.settingsHash == null || status.settingsHash === hash) return [];
  const observed = {
    waitSeconds: status.waitSeconds,
    maxPendingPerBottle: status.maxPendingPerBottle,
  };
  return [
    {
      observed: { supervise: observed },
      desired: { supervise: { waitSeconds, maxPendingPerBottle } },
    },
  ];
}

/** By host instead of by position, so that one more route is one addition. */
function tableView({
  routes,
  allowlist,
  deny = [],
  secrets,
}: Pick<EgressTable, 'routes' | 'allowlist' | 'deny' | 'secrets'>): View {
  const lists = { allowlist: byHost(allowlist), deny: byHost(deny) };
  return { egress: { routes: byHost(routes) }, ...lists, secrets };
}

function byHost<Entry extends { readonly host: string }>(
  entries: readonly Entry[],
): { readonly [host: string]: Entry } {
  const view: Record<string, Entry> = {};
  for (const entry of entries) {
    let key = entry.host;
    for (let n = 2; Object.hasOwn(view, key); n += 1) key = `${entry.host} (${n})`;
    view[key] = entry;
  }
  return view;
}

function parseApplied(text: string | null): View {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
