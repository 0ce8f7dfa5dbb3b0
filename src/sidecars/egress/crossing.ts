import type { EgressRoute } from '../../model/egress-route.ts';
import { NOT_INSPECTED, REWRITTEN, unreachable } from './crossing-denials.ts';
import { decide, type EgressDecision, type EgressDenial, type EgressRequest } from './decide.ts';
import type { AgentExchange, AgentListener, BareConnection } from './exchange.ts';
import type { HeldBytes, HeldShare } from './held-bytes.ts';
import { inspectAnswer, inspectRequest } from './inspect-exchange.ts';
import type { ExchangeInspection, OutboundHead } from './inspection.ts';
import type { LiveRequest } from './live-requests.ts';
import { outboundHead, outboundRequest } from './outbound-request.ts';
import {
  type Answer,
  type CollectedBody,
  type FilteredAnswer,
  Relay,
  type RelayHost,
} from './relay.ts';
import { outboundTrailers } from './request-headers.ts';
import type { RouteTable } from './route-table.ts';
import type { Target, UpstreamConnections } from './upstream/upstream-connections.ts';
import type { UpstreamConnection } from './upstream/upstream-exchange.ts';

export type Allowed = EgressDecision & { readonly kind: 'allow' };

/** What a crossing needs of the proxy. */
export interface CrossingHost {
  readonly connections: UpstreamConnections;
  /** The address to dial, or why there is none. */
  readonly resolve: (
    request: EgressRequest,
    allowed: Allowed,
  ) => Target | EgressDenial | Promise<Target | EgressDenial>;
  readonly deny: (exchange: AgentExchange, denial: EgressDenial, request: EgressRequest) => void;
  readonly splice: (
    crossing: Crossing,
    agent: BareConnection,
    upstream: BareConnection,
    inspection: ExchangeInspection | null,
  ) => void;
  readonly onDone: (crossing: Crossing) => void;
  readonly held: HeldBytes;
  readonly now: () => number;
}

/**
 * One allowed request between its decision and the last byte of its answer. It is live all the time: a table that
 * forbids it ends it, also while its name is being resolved or an operator is asked about it.
 */
export class Crossing implements LiveRequest, AgentListener, RelayHost {
  readonly request: EgressRequest;
  place = -1;
  readonly #exchange: AgentExchange;
  readonly #allowed: Allowed;
  readonly #inspection: ExchangeInspection | null;
  readonly #host: CrossingHost;
  readonly onAnswer: ((answer: Answer) => FilteredAnswer | null) | null;
  #target: Target | null = null;
  #relay: Relay | null = null;
  #bare: readonly BareConnection[] = [];
  #abort: AbortController | null = null;
  #share: HeldShare | null = null;
  #isOver = false;

  constructor(
    exchange: AgentExchange,
    request: EgressRequest,
    allowed: Allowed,
    inspection: ExchangeInspection | null,
    host: CrossingHost,
  ) {
    this.request = request;
    this.#exchange = exchange;
    this.#allowed = allowed;
    this.#inspection = inspection;
    this.#host = host;
    this.onAnswer =
      inspection === null ? null : (answer) => this.#inspectAnswer(inspection, answer);
    exchange.listener = this;
  }

  get route(): EgressRoute | null {
    return this.#allowed.route;
  }

  get address(): string | null {
    return this.#target?.address ?? null;
  }

  begin(table: RouteTable): void {
    const head = outboundHead(this.#exchange, this.request, this.#allowed.inject);
    if (this.#inspection === null) {
      this.#resolve(head, null);
      return;
    }
    this.#abort = new AbortController();
    this.#share = this.#host.held.share();
    inspectRequest(this.#exchange, this.#inspection, head, this.#abort.signal, this.#share)
      .then((inspected) => {
        // Nothing waits for it any more, and aborting costs an error with its stack.
        this.#abort = null;
        if (this.#isOver) return;
        if (inspected.kind === 'deny') this.#deny(inspected);
        else if (!this.#isStillAllowed(table, inspected.head)) this.#deny(REWRITTEN);
        else this.#resolve(inspected.head, inspected.body);
      })
      .catch(() => this.#refuse(NOT_INSPECTED));
  }

  cut(): void {
    if (this.#relay !== null && !this.#isOver) this.#relay.cut();
    else this.#exchange.cut();
    for (const { socket } of this.#bare) socket.destroy();
    this.onDone();
  }

  // Before there is a relay.

  onGone(): void {
    this.onDone();
  }

  onDrain(): void {
    // Nothing was written that could drain.
  }

  // While there is one.

  reconnect(): UpstreamConnection | Promise<UpstreamConnection> {
    if (this.#target === null) throw new Error('nothing was dialled');
    return this.#host.connections.acquire(this.#target, this.#exchange.isHttp2);
  }

  onUnreachable(error: Error): void {
    this.#deny(unreachable(error));
  }

  onUpgrade(agent: BareConnection, upstream: BareConnection): void {
    // Live again, until either side ends.
    this.#bare = [agent, upstream];
    this.#host.splice(this, agent, upstream, this.#inspection);
  }

  trailersOf(trailers: readonly string[]): readonly string[] {
    return outboundTrailers(trailers, this.#allowed.inject);
  }

  onDone(): void {
    if (this.#isOver && this.#bare.length === 0) return;
    this.#isOver = true;
    this.#abort?.abort();
    this.#share?.giveBack();
    this.#host.onDone(this);
  }

  // Goes on at once where nothing has to be waited for, which is the rule.

  #resolve(head: OutboundHead, body: CollectedBody | null): void {
    const target = this.#host.resolve(this.request, this.#allowed);
    if (!(target instanceof Promise)) this.#connect(target, head, body);
    else {
      target
        .then((found) => this.#connect(found, head, body))
        .catch((error: Error) => this.#refuse(unreachable(error)));
    }
  }

  #connect(target: Target | EgressDenial, head: OutboundHead, body: CollectedBody | null): void {
    if (this.#isOver) return;
    if ('kind' in target) {
      this.#deny(target);
      return;
    }
    this.#target = target;
    const connection = this.reconnect();
    if (!(connection instanceof Promise)) this.#send(connection, head, body);
    else {
      connection
        .then((made) => this.#send(made, head, body))
        .catch((error: Error) => this.#refuse(unreachable(error)));
    }
  }

  #send(connection: UpstreamConnection, head: OutboundHead, body: CollectedBody | null): void {
    if (this.#isOver) {
      connection.leave();
      return;
    }
    const sent = outboundRequest({
      exchange: this.#exchange,
      request: this.request,
      inject: this.#allowed.inject,
      head,
      body,
    });
    const relay = new Relay(this.#exchange, sent, this);
    this.#relay = relay;
    const trailers = this.trailersOf(body?.trailers ?? []);
    relay.start(connection, body === null ? null : { ...body, trailers });
  }

  /** What an inspection rewrote must be what the same route lets pass. */
  #isStillAllowed(table: RouteTable, head: OutboundHead): boolean {
    const { method, path, query } = this.request;
    if (head.method === method && head.path === path && head.query === query) return true;
    const rewritten = { ...this.request, method: head.method, path: head.path, query: head.query };
    const decision = decide(table, rewritten, this.#host.now());
    return decision.kind === 'allow' && decision.route === this.#allowed.route;
  }

  #inspectAnswer(inspection: ExchangeInspection, answer: Answer): FilteredAnswer | null {
    const inspected = inspectAnswer(inspection, answer);
    if (inspected.kind === 'pass') return inspected.answer;
    this.#deny(inspected);
    return null;
  }

  /** Unless it ended while something was waited for. */
  #refuse(denial: EgressDenial): void {
    if (!this.#isOver) this.#deny(denial);
  }

  #deny(denial: EgressDenial): void {
    if (!this.#exchange.isGone) {
      this.#exchange.listener = null;
      this.#host.deny(this.#exchange, denial, this.request);
    }
    this.onDone();
  }
}
