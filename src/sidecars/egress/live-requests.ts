import type { EgressRoute } from '../../model/egress-route.ts';
import type { EgressRequest } from './decide.ts';
import { Roll } from './roll.ts';

/** A request between its decision and its last byte. */
export interface LiveRequest {
  readonly request: EgressRequest;
  /** What let it pass; null where the allowlist did. */
  readonly route: EgressRoute | null;
  /** Where it went; null before that is known, and where a proxy behind this one resolves names. */
  readonly address: string | null;
  /** Among those that are under way; theirs to write. */
  place: number;
  /** Ends it at once, on both sides. */
  readonly cut: () => void;
}

/** Everything that is under way, so that a tighter table reaches what the wider one let through. */
export class LiveRequests {
  readonly #live = new Roll<LiveRequest>();

  add(live: LiveRequest): void {
    live.place = this.#live.add(live);
  }

  remove(live: LiveRequest): void {
    this.#live.remove(live, live.place);
  }

  /** Cuts what is no longer allowed; gives how many that were. */
  cutUnless(isAllowed: (live: LiveRequest) => boolean): number {
    let count = 0;
    for (const live of this.#live) {
      if (isAllowed(live)) continue;
      this.remove(live);
      live.cut();
      count += 1;
    }
    return count;
  }
}
