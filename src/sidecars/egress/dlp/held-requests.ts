import type { Finding } from './finding.ts';

/** A request that waits for an operator. */
export interface HeldRequest {
  readonly method: string;
  readonly host: string;
  /** Where it was found: `head`, `body` or `message`. */
  readonly surface: Surface;
  readonly findings: readonly Pick<Finding, 'detector' | 'rule'>[];
  /** What stands around it, with what was found overwritten; null where it shows only after decoding. */
  readonly context: string | null;
  /** All of it, to tell one from another. */
  readonly text: string;
}

export type Surface = 'head' | 'body' | 'message';

export type Release =
  | { readonly kind: 'released' }
  | { readonly kind: 'refused'; readonly reason: string; readonly try: string };

/** Asks an operator to let a request go, and waits, bounded. Throws when `signal` aborts. */
export interface HeldRequests {
  hold(request: HeldRequest, signal: AbortSignal): Promise<Release>;
}
