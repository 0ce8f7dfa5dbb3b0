import type { DesiredBottle } from '../../model/desired-state.ts';
import { type RenderedTable, renderEgressTable } from '../egress/render-table.ts';
import { imageReference } from '../image/image-reference.ts';
import {
  appliedOf,
  type RealisedAgent,
  type RealisedSidecars,
  realisedAgent,
} from '../realised.ts';
import { type RenderedSettings, renderSuperviseSettings } from '../supervise/render-settings.ts';
import type { World } from '../world.ts';

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
  world: Pick<World, 'context' | 'shared'>,
): Target {
  const { context, shared } = world;
  const { host } = context;
  const { backend, runtime } = place;
  const image = imageReference(bottle.spec.image, host);
  const agent = realisedAgent(bottle.spec, host, { image, runtime });
  const table = renderEgressTable(bottle, host, context.nowMs);
  const settings = renderSuperviseSettings(bottle);
  const pool = place.hasNetworks ? bottle.spec.networks.pool : null;
  const hashes = {
    agent: appliedOf(agent).specHash,
    sidecars: shared.sidecarsHash,
    ...shared.networkHashes(pool ?? ''),
  };
  const { sidecars } = shared;
  return { bottle, backend, agent, sidecars, table, settings, pool, hashes };
}
