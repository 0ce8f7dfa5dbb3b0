import { networkApplied } from '../network/network-spec.ts';
import type { HostFacts } from '../plan-context.ts';
import { appliedOf, type RealisedSidecars, realisedSidecars } from '../realised.ts';

/** Parts that bottles have in common, hashed once a plan instead of once a bottle. */
export class SharedParts {
  readonly sidecars: RealisedSidecars;
  readonly sidecarsHash: string;
  readonly #networks = new Map<string, { readonly internal: string; readonly external: string }>();

  constructor(host: HostFacts) {
    this.sidecars = realisedSidecars(host);
    this.sidecarsHash = appliedOf(this.sidecars).specHash;
  }

  networkHashes(pool: string): { readonly internal: string; readonly external: string } {
    const known = this.#networks.get(pool);
    if (known !== undefined) return known;
    const hashes = {
      internal: networkApplied('internal-network', pool).specHash,
      external: networkApplied('external-network', pool).specHash,
    };
    this.#networks.set(pool, hashes);
    return hashes;
  }
}
