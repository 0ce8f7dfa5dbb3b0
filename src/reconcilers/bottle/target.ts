import type { DesiredBottle } from '../../model/desired-state.ts';
import { type RenderedTable, renderEgressTable } from '../egress/render-table.ts';
import { imageReference } from '../image/image-reference.ts';
import { networkApplied } from '../network/network-spec.ts';
import type { PlanContext } from '../plan-context.ts';
import {
  appliedOf,
  type RealisedAgent,
  type RealisedSidecars,
  realisedAgent,
  realisedSidecars,
} from '../realised.ts';
import { type RenderedSettings, renderSuperviseSettings } from '../supervise/render-settings.ts';

/** What a desired bottle comes to on this host: every part as it would be labelled, rendered and compared. */
export interface Target {
  readonly bottle: DesiredBottle;
  readonly backend: string;
  readonly agent: RealisedAgent;
  readonly sidecars: RealisedSidecars;
  readonly table: RenderedTable;
  readonly settings: RenderedSettings;
  /** Null where the backend has no networks of its own. */
  readonly pool: string | null;
  readonly hashes: {
    readonly agent: string;
    readonly sidecars: string;
    readonly internal: string;
    readonly external: string;
  };
}

/** Completes a desired bottle with the host's facts. */
export function bottleTarget(
  bottle: DesiredBottle,
  place: {
    readonly backend: string;
    readonly runtime: string | null;
    readonly hasNetworks: boolean;
  },
  context: PlanContext,
): Target {
  const { host } = context;
  const { backend, runtime } = place;
  const image = imageReference(bottle.spec.image, host);
  const agent = realisedAgent(bottle.spec, host, { image, runtime });
  const sidecars = realisedSidecars(host);
  const table = renderEgressTable(bottle, host, context.nowMs);
  const settings = renderSuperviseSettings(bottle);
  const pool = place.hasNetworks ? bottle.spec.networks.pool : null;
  const hashes = {
    agent: appliedOf(agent).specHash,
    sidecars: appliedOf(sidecars).specHash,
    internal: networkApplied('internal-network', pool ?? '').specHash,
    external: networkApplied('external-network', pool ?? '').specHash,
  };
  return { bottle, backend, agent, sidecars, table, settings, pool, hashes };
}
