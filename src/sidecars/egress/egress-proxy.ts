import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
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
import type { LeafCertificates } from './leaf-certificates.ts';
import { type LiveRequest, LiveRequests } from './live-requests.ts';
import { localAnswer } from './local-answer.ts';
import { readRequest } from './read-request.ts';
import { outboundHeaders } from './request-headers.ts';
import { Resolver } from './resolver.ts';
import { rulesOf } from './route-table.ts';
import { Tunnels } from './tunnels.ts';
import { UpstreamPools } from './upstream-pools.ts';

export interface EgressProxyOptions {
  readonly table: EnforcedTable;
  readonly leaves: LeafCertificates;
  readonly log: Log;
  readonly now: () => number;
}

type Allowed = EgressDecision & { readonly kind: 'allow' };

/** The listener: reads each request, asks `decide`, and answers, forwards or refuses. */
export class EgressProxy {
  readonly #options: EgressProxyOptions;
  readonly #live = new LiveRequests();
  readonly #resolver = new Resolver();
  readonly #pools = new UpstreamPools();
  readonly #sockets = new Set<Socket>();
  readonly #sweep = setInterval(() => this.#pools.sweep(), 30_000);
  readonly #tunnels: Tunnels;
  readonly #server = createServer({
    insecureHTTPParser: false,
    maxHeaderSize: 65_536,
    headersTimeout: 20_000,
    connectionsCheckingInterval: 5_000,
    requestTimeout: 0,
    keepAliveTimeout: 65_000,
    noDelay: true,
  });

  constructor(options: EgressProxyOptions) {
    this.#options = options;
    this.#sweep.unref();
    this.#tunnels = new Tunnels({
      leaves: options.leaves,
      now: options.now,
      isDeclared: ({ host, port }) =>
        rulesOf(options.table.current?.routes ?? new Map(), host).some(({ route }) =>
          route.ports.includes(port),
        ),
      onSecure: (socket) => this.#server.emit('connection', socket),
      onDenied: (denial, target) => this.#logDenial(denial, target),
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('connect', (request, socket, head) =>
      this.#tunnels.open(request, socket as Socket, head),
    );
    this.#server.on('request', (request, response) => this.#receive(request, response, false));
    this.#server.on('checkContinue', (request, response) => this.#receive(request, response, true));
  }

  /** Listens and gives the port. */
  async listen(port: number, host: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(port, host, resolve);
    await promise;
    return (this.#server.address() as AddressInfo).port;
  }

  /** To be called after each change of the table and at each expiry: what is no longer allowed ends now. */
  applyTable(): number {
    const current = this.#options.table.current;
    this.#pools.trust(current?.table.upstream.trustedCaPem ?? []);
    return this.#live.cutUnless((request) => this.#decide(request).kind === 'allow');
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #decide(request: EgressRequest): EgressDecision {
    return decide(this.#options.table.current, request, this.#options.now());
  }

  #receive(incoming: IncomingMessage, outgoing: ServerResponse, expectsContinue: boolean): void {
    incoming.on('error', () => outgoing.destroy());
    const read = readRequest(incoming, this.#tunnels.identityOf(incoming.socket));
    if (read.kind === 'deny') {
      this.#deny(incoming, outgoing, read, null);
      return;
    }
    const { request } = read;
    const decision = isWebSocket(incoming) ? NO_WEBSOCKET : this.#decide(request);
    switch (decision.kind) {
      case 'deny':
        this.#deny(incoming, outgoing, decision, request);
        break;
      case 'local':
        answerLocally(outgoing, request, this.#options.table);
        break;
      case 'allow': {
        if (expectsContinue) outgoing.writeContinue();
        this.#send(incoming, outgoing, request, decision);
      }
    }
  }

  /** From here on the request is live: a table that forbids it ends it, also while its name is still being resolved. */
  #send(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    request: EgressRequest,
    decision: Allowed,
  ): void {
    let end = (): void => {
      incoming.socket.destroy();
    };
    const live: LiveRequest = { request, cut: () => end() };
    this.#live.add(live);
    outgoing.once('close', () => this.#live.remove(live));
    this.#resolve(request, decision).then(
      (target) => {
        if (incoming.socket.destroyed) return;
        if (typeof target !== 'string') {
          this.#deny(incoming, outgoing, target, request);
          return;
        }
        const { authority, scheme } = request;
        end = forward({
          incoming,
          outgoing,
          pool: this.#pools.poolFor(request, target),
          path: request.path + request.query,
          headers: outboundHeaders(
            incoming.rawHeaders,
            formatAuthority(authority, DEFAULT_PORT[scheme]),
            decision.inject,
          ),
          onUnreachable: (error) => this.#deny(incoming, outgoing, unreachable(error), request),
        });
      },
      (error: Error) => this.#deny(incoming, outgoing, unreachable(error), request),
    );
  }

  /** The address to dial, or why there is none. */
  async #resolve(request: EgressRequest, decision: Allowed): Promise<string | EgressDenial> {
    const current = this.#options.table.current;
    if (current === null) throw new Error('the table is gone');
    const { host } = request.authority;
    const resolution = await this.#resolver.resolve(
      host,
      current.table.upstream,
      decision.route?.addresses ?? [],
    );
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

  #deny(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    denial: EgressDenial,
    request: EgressRequest | null,
  ): void {
    const host =
      request === null
        ? (incoming.headers.host ?? '')
        : formatAuthority(request.authority, DEFAULT_PORT[request.scheme]);
    const path = request?.path ?? incoming.url ?? '';
    const method = incoming.method ?? '';
    this.#logDenial(denial, `${method} ${host}${path}`);
    sendDenial(incoming, outgoing, denial, { host, path, method });
  }

  #logDenial(denial: EgressDenial, target: string): void {
    this.#options.log('request denied', { status: denial.status, target, reason: denial.reason });
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

function answerLocally(
  outgoing: ServerResponse,
  request: EgressRequest,
  table: EnforcedTable,
): void {
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
