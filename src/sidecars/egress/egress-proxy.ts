import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ListenEndpoint } from '../listen-endpoint.ts';
import type { LeafCertificates } from './leaf-certificates.ts';
import { Passage, type PassageOptions } from './passage.ts';
import { rulesOf } from './route-table.ts';
import { Tunnels } from './tunnels.ts';

export interface EgressProxyOptions extends PassageOptions {
  readonly leaves: LeafCertificates;
}

const SWEEP_MS = 30_000;
const MAX_CONNECTIONS = 4096;

/** The listener: one HTTP server reads plain requests and, for each tunnel, those inside its TLS. */
export class EgressProxy {
  readonly #passage: Passage;
  readonly #tunnels: Tunnels;
  readonly #sockets = new Set<Socket>();
  readonly #sweep: NodeJS.Timeout;
  readonly #server = createServer({
    insecureHTTPParser: false,
    maxHeaderSize: 65_536,
    headersTimeout: 20_000,
    connectionsCheckingInterval: 5_000,
    // An upload may last; what it sends is passed on as it comes.
    requestTimeout: 0,
    keepAliveTimeout: 65_000,
    noDelay: true,
  });

  constructor(options: EgressProxyOptions) {
    this.#passage = new Passage(options);
    this.#sweep = setInterval(() => this.#passage.sweep(), SWEEP_MS);
    this.#tunnels = new Tunnels({
      leaves: options.leaves,
      now: options.now,
      isDeclared: ({ host, port }) =>
        rulesOf(options.table.current?.routes ?? new Map(), host).some(({ route }) =>
          route.ports.includes(port),
        ),
      onSecure: (socket) => this.#server.emit('connection', socket),
      onDenied: ({ status, reason }, target) =>
        options.log('request denied', { status, target: `CONNECT ${target}`, reason }),
      onUntrusted: (target, cause) => options.log('TLS broke off', { target, cause }),
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('connect', (request, socket, head) =>
      this.#tunnels.open(request, socket as Socket, head),
    );
    this.#server.on('request', (request, response) => this.#take(request, response, false));
    this.#server.on('checkContinue', (request, response) => this.#take(request, response, true));
  }

  /** Listens and gives the port. */
  async listen(endpoint: ListenEndpoint): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(endpoint, resolve);
    await promise;
    return (this.#server.address() as AddressInfo).port;
  }

  /** To be called after each change of the table and at each expiry: what is no longer allowed ends now. */
  applyTable(): number {
    return this.#passage.applyTable();
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #take(incoming: IncomingMessage, outgoing: ServerResponse, expectsContinue: boolean): void {
    const tunnel = this.#tunnels.identityOf(incoming.socket);
    this.#passage.take({ incoming, outgoing, tunnel, expectsContinue });
  }
}
