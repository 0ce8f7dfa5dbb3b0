import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ListenEndpoint } from '../listen-endpoint.ts';
import { denialText } from './denial-response.ts';
import { AgentConnection } from './http1/agent-connection.ts';
import type { BadRequestHead } from './http1/request-head.ts';
import type { LeafCertificates } from './leaf-certificates.ts';
import { Passage, type PassageOptions } from './passage.ts';
import type { TunnelIdentity } from './read-request.ts';
import { Roll } from './roll.ts';
import { rulesOf } from './route-table.ts';
import { Tunnels } from './tunnels.ts';

export interface EgressProxyOptions extends PassageOptions {
  readonly leaves: LeafCertificates;
}

const SWEEP_MS = 1000;

/** The listener: reads plain requests, and for each tunnel those inside its TLS, by HTTP/1.1 or HTTP/2. */
export class EgressProxy {
  readonly #options: EgressProxyOptions;
  readonly #passage: Passage;
  readonly #tunnels: Tunnels;
  readonly #sockets = new Roll<Socket>();
  readonly #connections = new Roll<AgentConnection>();
  readonly #server = createServer({ noDelay: true });
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: EgressProxyOptions) {
    this.#options = options;
    this.#passage = new Passage(options);
    this.#tunnels = new Tunnels({
      leaves: options.leaves,
      limits: options.limits,
      now: options.now,
      isDeclared: ({ host, port }) =>
        rulesOf(options.table.current?.routes ?? new Map(), host).some(({ route }) =>
          route.ports.includes(port),
        ),
      onSecure: (socket, tunnel) => this.#takeSecure(socket, tunnel),
      onDenied: ({ status, reason }, target) =>
        options.log('request denied', { status, target: `CONNECT ${target}`, reason }),
      onUntrusted: (target, cause) => options.log('TLS broke off', { target, cause }),
    });
    this.#server.maxConnections = options.limits.connections;
    this.#server.on('connection', (socket) => {
      const place = this.#sockets.add(socket);
      // An idle bottle does not wake up.
      this.#sweep ??= setInterval(() => this.#checkTime(), SWEEP_MS);
      socket.once('close', () => this.#sockets.remove(socket, place));
      this.#take(socket, null);
    });
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

  #takeSecure(socket: TLSSocket, tunnel: TunnelIdentity): void {
    if (socket.alpnProtocol !== 'h2') {
      this.#take(socket, tunnel);
      return;
    }
    const { limits, log } = this.#options;
    const onExchange = this.#passage.take.bind(this.#passage);
    // Loaded when first needed: a bottle whose tools speak HTTP/1.1 stays small.
    import('./http2/agent-session.ts').then(
      ({ takeHttp2 }) => takeHttp2(socket, { tunnel, limits, onExchange }),
      (error: Error) => {
        log('HTTP/2 could not be loaded', { cause: error.message });
        socket.destroy();
      },
    );
  }

  #take(socket: Socket, tunnel: TunnelIdentity | null): void {
    const connection = new AgentConnection(socket, {
      tunnel,
      limits: this.#options.limits,
      onExchange: (exchange) => this.#passage.take(exchange),
      onConnect: (head, given, rest) => {
        this.#connections.remove(connection, place);
        this.#tunnels.open(head, given, rest, tunnel !== null);
      },
      answerTo: (bad) => this.#answerTo(bad),
    });
    const place = this.#connections.add(connection);
    socket.once('close', () => this.#connections.remove(connection, place));
  }

  #answerTo({ status, problem }: BadRequestHead): string {
    this.#options.log('request denied', { status, target: '', reason: problem });
    return denialText(
      { kind: 'deny', status, reason: problem, try: 'send the request in its plain form' },
      { host: '', path: '', method: '' },
    );
  }

  #checkTime(): void {
    const nowMs = performance.now();
    for (const connection of this.#connections) connection.checkTime(nowMs);
    const isIdle = this.#passage.sweep() === 0 && this.#sockets.size === 0;
    if (!isIdle) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
