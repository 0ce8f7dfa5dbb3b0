import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../json-log.ts';
import { formatAuthority } from './authority.ts';
import {
  DEFAULT_PORT,
  decide,
  type EgressDecision,
  type EgressDenial,
  type EgressRequest,
} from './decide.ts';
import { sendDenial } from './denial-response.ts';
import type { EnforcedTable } from './enforced-table.ts';
import { forward } from './forward.ts';
import { type LiveRequest, LiveRequests } from './live-requests.ts';
import { localAnswer } from './local-answer.ts';
import { readRequest, type TunnelIdentity } from './read-request.ts';
import { outboundHeaders } from './request-headers.ts';
import { mayStay, Resolver } from './resolver.ts';
import { UpstreamPools } from './upstream-pools.ts';

export interface PassageOptions {
  readonly table: EnforcedTable;
  readonly log: Log;
  readonly now: () => number;
}

/** One request of the agent with the answer to be given. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly tunnel: TunnelIdentity | null;
  /** The client waits for 100 before it sends the body. */
  readonly expectsContinue: boolean;
}

type Allowed = EgressDecision & { readonly kind: 'allow' };

/** The way of every request: read → decide → refuse, answer here, or resolve, check the address and forward. */
export class Passage {
  readonly #options: PassageOptions;
  readonly #live = new LiveRequests();
  readonly #resolver = new Resolver();
  readonly #pools = new UpstreamPools();

  constructor(options: PassageOptions) {
    this.#options = options;
  }

  take(exchange: Exchange): void {
    const { incoming, outgoing } = exchange;
    incoming.on('error', () => outgoing.destroy());
    const read = readRequest(incoming, exchange.tunnel);
    if (read.kind === 'deny') {
      this.#deny(exchange, read, null);
      return;
    }
    const { request } = read;
    const decision = isWebSocket(incoming) ? NO_WEBSOCKET : this.#decide(request);
    switch (decision.kind) {
      case 'deny':
        this.#deny(exchange, decision, request);
        break;
      case 'local':
        answerHere(outgoing, request, this.#options.table);
        break;
      case 'allow':
        this.#send(exchange, request, decision).catch((error: Error) =>
          this.#deny(exchange, unreachable(error), request),
        );
    }
  }

  /** To be called after each change of the table and at each expiry; gives how many requests it ended. */
  applyTable(): number {
    const current = this.#options.table.current;
    this.#pools.trust(current?.table.upstream.trustedCaPem ?? []);
    return this.#live.cutUnless((live) => this.#isStillAllowed(live));
  }

  #isStillAllowed({ request, address }: LiveRequest): boolean {
    const decision = this.#decide(request);
    const current = this.#options.table.current;
    if (decision.kind !== 'allow' || current === null) return false;
    const dialled = address();
    const { host } = request.authority;
    const declared = decision.route?.addresses ?? [];
    return dialled === null || mayStay(host, dialled, current.table.upstream, declared);
  }

  /** Gives back what nothing used for a while. */
  sweep(): void {
    this.#pools.sweep();
  }

  #decide(request: EgressRequest): EgressDecision {
    return decide(this.#options.table.current, request, this.#options.now());
  }

  /** From here on the request is live: a table that forbids it ends it, also while its name is still being resolved. */
  async #send(exchange: Exchange, request: EgressRequest, decision: Allowed): Promise<void> {
    const { incoming, outgoing } = exchange;
    let end: () => void = () => {
      incoming.socket.destroy();
    };
    let address: string | null = null;
    const live: LiveRequest = { request, address: () => address, cut: () => end() };
    this.#live.add(live);
    outgoing.once('close', () => this.#live.remove(live));
    const target = await this.#resolve(request, decision);
    if (typeof target !== 'string') {
      this.#deny(exchange, target, request);
      return;
    }
    address = target;
    const pool = await this.#pools.poolFor(request, target);
    if (incoming.socket.destroyed) return;
    if (exchange.expectsContinue) outgoing.writeContinue();
    const host = formatAuthority(request.authority, DEFAULT_PORT[request.scheme]);
    end = forward({
      incoming,
      outgoing,
      pool,
      path: request.path + request.query,
      headers: outboundHeaders(incoming.rawHeaders, host, decision.inject),
      onUnreachable: (error) => this.#deny(exchange, unreachable(error), request),
    });
  }

  /** The address to dial, or why there is none. */
  async #resolve(request: EgressRequest, decision: Allowed): Promise<string | EgressDenial> {
    const current = this.#options.table.current;
    if (current === null) throw new Error('the table is gone');
    const { host } = request.authority;
    const declared = decision.route?.addresses ?? [];
    const resolution = await this.#resolver.resolve(host, current.table.upstream, declared);
    switch (resolution.kind) {
      case 'address':
        return resolution.address;
      case 'unknown':
        return {
          kind: 'deny',
          status: 502,
          reason: `${host} does not resolve to an address`,
          try: 'check the name',
        };
      case 'forbidden':
        return {
          kind: 'deny',
          status: 403,
          reason: `${host} resolves to an address that is not public`,
          try: 'ask the operator to declare its addresses in the route',
        };
    }
  }

  #deny(exchange: Exchange, denial: EgressDenial, request: EgressRequest | null): void {
    const { incoming, outgoing } = exchange;
    // Named as the tool takes it: a host alone.
    const host = request?.authority.host ?? incoming.headers.host ?? '';
    const target =
      request === null ? host : formatAuthority(request.authority, DEFAULT_PORT[request.scheme]);
    const path = request?.path ?? incoming.url ?? '';
    const method = incoming.method ?? '';
    const { status, reason } = denial;
    this.#options.log('request denied', { status, target: `${method} ${target}${path}`, reason });
    if (!outgoing.headersSent) sendDenial(incoming, outgoing, denial, { host, path, method });
  }
}

const NO_WEBSOCKET: EgressDenial = {
  kind: 'deny',
  status: 501,
  reason: 'WebSocket upgrades are not passed on',
  try: 'use plain HTTP requests or server-sent events',
};

function isWebSocket(incoming: IncomingMessage): boolean {
  return /websocket/i.test(incoming.headers.upgrade ?? '');
}

function answerHere(outgoing: ServerResponse, request: EgressRequest, table: EnforcedTable): void {
  const { status, body } = localAnswer(request, table.status());
  const text = `${JSON.stringify(body)}\n`;
  outgoing.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  outgoing.end(request.method === 'HEAD' ? undefined : text);
}

function unreachable(error: Error): EgressDenial {
  const { code = error.name } = error as Error & { readonly code?: string };
  return {
    kind: 'deny',
    status: 502,
    reason: `the upstream could not be reached or its certificate is not trusted (${code})`,
    try: 'retry later, or tell the operator',
  };
}
