import type { UpdatePolicy } from '../model/bottle-spec.ts';
import type { FleetSettings } from '../model/desired-state.ts';
import { parseFleetName } from '../model/names.ts';
import { parsePool } from './cidr.ts';
import { accepted } from './parsed.ts';
import type { WrittenFleet } from './schema/fleet.ts';

/** `fleet.yaml`, total: the only place where its defaults are. */
export interface ResolvedFleet {
  readonly settings: FleetSettings;
  readonly backend: string;
  readonly bottle: string | null;
  readonly updatePolicy: UpdatePolicy;
  readonly supervise: { readonly waitSeconds: number; readonly maxPendingPerBottle: number };
  readonly networks: { readonly pool: string };
}

export function resolveFleet(written: WrittenFleet): ResolvedFleet {
  const name = parseFleetName(written.name);
  if (name === undefined) throw new Error(`fleet name accepted before: ${written.name}`);
  const { defaults = {}, supervise = {}, audit = {}, networks = {} } = written;
  const { waitSeconds = 30, maxPendingPerBottle = 20 } = supervise;
  return {
    settings: {
      name,
      suspend: written.suspend ?? false,
      audit: { signCommits: audit.signCommits ?? 'auto' },
    },
    backend: defaults.backend ?? 'auto',
    bottle: defaults.bottle ?? null,
    updatePolicy: defaults.updatePolicy ?? 'when-idle',
    supervise: { waitSeconds, maxPendingPerBottle },
    networks: { pool: accepted(parsePool(networks.pool ?? '10.213.0.0/16')) },
  };
}
