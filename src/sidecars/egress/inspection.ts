import type { EgressRoute } from '../../model/egress-route.ts';
import type { EgressRequest } from './decide.ts';
import type { RouteTable } from './route-table.ts';

/**
 * Looks into what the rules have let pass. Without one, and for every exchange that `open` gives null for, bytes stream
 * as they come and nothing is paid. Whatever it throws, or rejects with, blocks the exchange.
 */
export interface Inspection {
  /** Called once a request, after the decision and before anything of it is sent. Null: not looked at. */
  open(request: AllowedRequest): ExchangeInspection | null;
}

/** A request that the table allows, with what allowed it. */
export interface AllowedRequest {
  readonly request: EgressRequest;
  /** Null where the allowlist let it pass. */
  readonly route: EgressRoute | null;
  /** The table in force: with the values of its secrets. */
  readonly table: RouteTable;
}

/**
 * One exchange that is looked at, in this order: the head, then the whole body where there is one, then the answer.
 * Verdicts may take their time, for an operator to release a request; `signal` ends when the client is gone or a new
 * table forbids the request, and whoever waits has to stop then.
 */
export interface ExchangeInspection {
  /** The head as it would be sent, before the route's credential is set. Nothing was dialled yet. */
  outbound(head: OutboundHead, signal: AbortSignal): Judged<OutboundHead>;
  /**
   * The body as it came, still encoded as `content-encoding` says. The upstream has not seen one byte of it. Bodies
   * above `maxBodyBytes` are blocked without being asked about; null lets them stream past, unseen.
   */
  readonly maxBodyBytes: number | null;
  outboundBody(body: OutboundBody, head: OutboundHead, signal: AbortSignal): Judged<Buffer>;
  /**
   * The head of the answer, to which a filter for its body may be given. Inspected requests ask for no
   * `content-encoding`; an answer that has one all the same may be blocked here.
   */
  inbound(head: InboundHead): Verdict<InboundHead> & { readonly body?: BodyFilter | null };
  /** One whole WebSocket message; `permessage-deflate` is never agreed on when an exchange is inspected. */
  message(message: WebSocketMessage, signal: AbortSignal): Judged<Buffer>;
}

export interface OutboundHead {
  readonly method: string;
  /** Normalised, as in `EgressRequest`. What replaces it is decided on again, and must be allowed by the same route. */
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** Name, value, name, value; what is never sent on is already gone. */
  readonly headers: readonly string[];
}

export interface OutboundBody {
  readonly bytes: Buffer;
  /** Name, value, name, value. They are sent on only where the body passes as it is. */
  readonly trailers: readonly string[];
}

export interface InboundHead {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
}

/** Rewrites the answer's body as it streams by; what it keeps back comes with a later call. */
export interface BodyFilter {
  write(chunk: Buffer): Buffer;
  /** What is left; `trailers` may be rewritten too. */
  end(trailers: readonly string[]): { readonly rest: Buffer; readonly trailers: readonly string[] };
}

export interface WebSocketMessage {
  readonly direction: 'outbound' | 'inbound';
  readonly kind: 'text' | 'binary';
  readonly bytes: Buffer;
}

export type Verdict<Replacement> =
  | { readonly kind: 'pass' }
  /** Something was found and taken out: this goes on in its place. */
  | { readonly kind: 'replace'; readonly with: Replacement; readonly detectors: readonly string[] }
  | {
      readonly kind: 'block';
      readonly detector: string;
      /** For the agent; never quotes what was found. */
      readonly reason: string;
      /** What the agent can do about it. */
      readonly try: string;
    };

type Judged<Replacement> = Verdict<Replacement> | Promise<Verdict<Replacement>>;
