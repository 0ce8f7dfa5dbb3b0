import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { EgressRoute } from '../../model/egress-route.ts';
import type { UpstreamProxy } from '../../model/sidecar.ts';
import type { Log } from '../json-log.ts';
import { mayDial } from './address-policy.ts';
import { formatAuthority } from './authority.ts';
import { type Allowed, Crossing, type CrossingHost } from './crossing.ts';
import {
  DEFAULT_PORT,
  decide,
  type EgressDecision,
  type EgressDenial,
  type EgressRequest,
} from './decide.ts';
import { sendDenial } from './denial-response.ts';
import type { EnforcedTable, TableStatus } from './enforced-table.ts';
import type { AgentExchange } from './exchange.ts';
import { HeldBytes } from './held-bytes.ts';
import { NO_BODY } from './http1/body-framing.ts';
import type { Inspection } from './inspection.ts';
import type { Limits } from './limits.ts';
import { type LiveRequest, LiveRequests } from './live-requests.ts';
import { localAnswer } from './local-answer.ts';
import { malformed } from './malformed.ts';
import { readRequest } from './read-request.ts';
import { type Lookup, mayStay, type Resolution, Resolver } from './resolver.ts';
import { type Target, UpstreamConnections } from './upstream/upstream-connections.ts';
import { spliceInspected } from './websocket/inspected-splice.ts';
import { splice } from './websocket/splice.ts';

export interface PassageOptions {
  readonly table: EnforcedTable;
  readonly log: Log;
  readonly now: () => number;
  readonly limits: Limits;
  /** Null: nothing is looked at. */
  readonly inspection: Inspection | null;
  /** The gate behind this one, which everything is dialled through; it judges by itself what was judged here. */
  readonly secondGate?: UpstreamProxy | null;
  /** Who knows the addresses of names; the system, where it is not given. */
  readonly lookup?: Lookup;
}

/** The way of every request: read → decide → refuse, answer here, or let it cross. */
export class Passage {
  readonly #options: PassageOptions;
  readonly #live = new LiveRequests();
  readonly #resolver: Resolver;
  readonly #connections = new UpstreamConnections();
  readonly #crossings: CrossingHost;

  constructor(options: PassageOptions) {
    this.#options = options;
    const { limits, now } = options;
    this.#resolver = new Resolver(limits.lookupMs, options.lookup);
    const held = new HeldBytes(limits.heldBytes);
    this.#crossings = {
      connections: this.#connections,
      resolve: (request, allowed) => this.#resolve(request, allowed),
      deny: (exchange, denial, request) => this.#deny(exchange, denial, request),
      splice: (crossing, agent, upstream, inspection) => {
        this.#live.add(crossing);
        const onEnd = (): void => this.#live.remove(crossing);
        if (inspection === null) splice(agent, upstream, limits.silentMs, onEnd);
        else spliceInspected({ agent, upstream, inspection, limits, held, onEnd });
      },
      onDone: (crossing) => this.#live.remove(crossing),
      held,
      now,
    };
  }

  take(exchange: AgentExchange): void {
    const read = readRequest(exchange.request, exchange.tunnel);
    if (read.kind === 'deny') {
      this.#deny(exchange, read, null);
      return;
    }
    const request = withBody(read.request, exchange);
    const decision = malformed(request) ?? this.#decide(request);
    switch (decision.kind) {
      case 'deny':
        this.#deny(exchange, decision, request);
        break;
      case 'local':
        answerHere(exchange, request, this.#options.table.status(this.#options.now()));
        break;
      case 'allow':
        this.#cross(exchange, request, decision);
    }
  }

  /** To be called after each change of the table and at each expiry; gives how many requests it ended. */
  applyTable(): number {
    const { upstream, pipelockConfig = null } = this.#options.table.current?.table ?? {};
    this.#connections.configure({
      trustedCaPem: upstream?.trustedCaPem ?? [],
      proxy: this.#options.secondGate ?? upstream?.proxy ?? null,
      gateConfig: pipelockConfig,
    });
    return this.#live.cutUnless((live) => this.#isStillAllowed(live));
  }

  /** Gives back what nothing used for a while; gives how many upstreams are still known. */
  sweep(): number {
    return this.#connections.sweep();
  }

  #cross(exchange: AgentExchange, request: EgressRequest, allowed: Allowed): void {
    const table = this.#options.table.current;
    if (table === null) throw new Error('without a table nothing is allowed');
    try {
      const inspection =
        this.#options.inspection?.open({ request, route: allowed.route, table }) ?? null;
      const crossing = new Crossing(exchange, request, allowed, inspection, this.#crossings);
      this.#live.add(crossing);
      crossing.begin(table);
    } catch (error) {
      this.#options.log('request failed', { cause: (error as Error).message });
      exchange.cut();
    }
  }

  #isStillAllowed({ request, route, address }: LiveRequest): boolean {
    const decision = this.#decide(request);
    const current = this.#options.table.current;
    if (decision.kind !== 'allow' || current === null) return false;
    if (!isAsStrict(route, decision.route)) return false;
    const declared = decision.route?.addresses ?? [];
    const { upstream } = current.table;
    return address === null || mayStay(request.authority.host, address, upstream, declared);
  }

  #decide(request: EgressRequest): EgressDecision {
    return decide(this.#options.table.current, request, this.#options.now());
  }

  #resolve(
    request: EgressRequest,
    { route }: Allowed,
  ): Target | EgressDenial | Promise<Target | EgressDenial> {
    const upstream = this.#options.table.current?.table.upstream;
    if (upstream === undefined) throw new Error('the table is gone');
    const { host, port } = request.authority;
    const declared = route?.addresses ?? [];
    const { scheme } = request;
    const found = (resolution: Resolution): Target | EgressDenial =>
      resolution.kind === 'address'
        ? { scheme, host, port, address: resolution.address }
        : unresolved(host, resolution);
    if (upstream.proxy != null) {
      // The proxy resolves the name; an address that is written out is judged here all the same.
      if (isIP(host) === 0 || mayDial(host, declared)) return { scheme, host, port, address: null };
      return unresolved(host, { kind: 'forbidden', addresses: [host] });
    }
    const resolution = this.#resolver.resolve(host, upstream, declared);
    return resolution instanceof Promise ? resolution.then(found) : found(resolution);
  }

  #deny(exchange: AgentExchange, denial: EgressDenial, request: EgressRequest | null): void {
    const { headers, target: url, method } = exchange.request;
    const hostAt = headers.findIndex((text, at) => at % 2 === 0 && /^host$/i.test(text));
    // Named as the tool takes it: a host alone.
    const host = request?.authority.host ?? headers[hostAt + 1] ?? '';
    const target =
      request === null ? host : formatAuthority(request.authority, DEFAULT_PORT[request.scheme]);
    const { status, reason, hidesTarget = false } = denial;
    const path = hidesTarget ? '/(hidden)' : (request?.path ?? url);
    const logged = hidesTarget ? '(hidden)' : `${target}${path}`;
    this.#options.log('request denied', { status, target: `${method} ${logged}`, reason });
    sendDenial(exchange, denial, { host, path, method });
  }
}

function withBody(request: EgressRequest, { framing }: AgentExchange): EgressRequest {
  if (framing.kind === 'none') return request;
  return { ...request, body: framing.kind === 'length' ? 'length' : 'chunked' };
}

/** Whether what runs under `before` is looked at as `now` wants it, and has no credential that `now` does not give. */
function isAsStrict(before: EgressRoute | null, now: EgressRoute | null): boolean {
  const [dlp, auth] = [now?.dlp ?? null, before?.auth ?? null];
  return (
    (dlp === null || isDeepStrictEqual(dlp, before?.dlp)) &&
    (auth === null || isDeepStrictEqual(auth, now?.auth))
  );
}

function unresolved(
  host: string,
  resolution: Exclude<Resolution, { readonly kind: 'address' }>,
): EgressDenial {
  switch (resolution.kind) {
    case 'unknown':
      return {
        kind: 'deny',
        status: 502,
        reason: `${host} does not resolve to an address`,
        try: 'check the name',
      };
    case 'unanswered':
      return {
        kind: 'deny',
        status: 504,
        reason: `nobody said in time which address ${host} has`,
        try: 'retry later, or tell the operator that names are not resolved',
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

function answerHere(exchange: AgentExchange, request: EgressRequest, live: TableStatus): void {
  const { status, body } = localAnswer(request, live);
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  const headers = [
    ...['content-type', 'application/json', 'cache-control', 'no-store'],
    ...['content-length', String(bytes.length)],
  ];
  const isBare = request.method === 'HEAD';
  exchange.respond(status, headers, isBare ? NO_BODY : { kind: 'length', length: bytes.length });
  if (!isBare) exchange.write(bytes);
  exchange.end([]);
}
