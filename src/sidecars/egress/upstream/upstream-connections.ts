import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { UpstreamProxy } from '../../../model/sidecar.ts';
import { dial } from './dial.ts';
import { Http1Upstream } from './http1-upstream.ts';
import type { Http2Upstream } from './http2-upstream.ts';
import type { UpstreamConnection } from './upstream-exchange.ts';

/** Where a request goes. */
export interface Target {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** The address that was checked; null where the upstream proxy resolves the name. */
  readonly address: string | null;
}

/** How upstreams are reached. */
export interface UpstreamSettings {
  /** Authorities to trust beside the system's, PEM. */
  readonly trustedCaPem: readonly string[];
  /** Everything is dialled through it. */
  readonly proxy: UpstreamProxy | null;
  /** What the gate behind this one judges by: it judges connections, so a change of its mind needs new ones. */
  readonly gateConfig: string | null;
}

/** One host, port and address, with what is known of it. */
interface Origin {
  readonly target: Target;
  readonly idle: Http1Upstream[];
  readonly sessions: Http2Upstream[];
  tlsSession: Buffer | undefined;
  /** It refuses HTTP/1.1. */
  needsHttp2: boolean;
  /** A dial whose protocol is not known yet, for those who can share the connection. */
  dialling: Promise<UpstreamConnection> | null;
  usedAtMs: number;
  /** What comes back to it is ended. */
  isForgotten: boolean;
}

const MAX_IDLE = 64;
const ORIGIN_IDLE_MS = 60_000;

/** Connections to upstreams, kept by host, port and the address that was checked. */
export class UpstreamConnections {
  /** By host. */
  readonly #origins = new Map<string, Origin[]>();
  #settings: UpstreamSettings = { trustedCaPem: [], proxy: null, gateConfig: null };
  #context: SecureContext | undefined;

  get proxy(): UpstreamProxy | null {
    return this.#settings.proxy;
  }

  /** Connections made under other settings take no new requests. */
  configure(settings: UpstreamSettings): void {
    if (isDeepStrictEqual(settings, this.#settings)) return;
    this.#settings = settings;
    this.#context = undefined;
    for (const origin of this.#all()) this.#forget(origin);
  }

  /**
   * A connection for one request: a kept one at once, else a new one. HTTP/2 is spoken where the agent speaks it and
   * the upstream agrees, or where the upstream speaks nothing else: it costs more for each request.
   */
  acquire(target: Target, wantsHttp2: boolean): UpstreamConnection | Promise<UpstreamConnection> {
    const origin = this.#originOf(target);
    origin.usedAtMs = performance.now();
    if (origin.sessions.length > 0 && (wantsHttp2 || origin.needsHttp2)) {
      const session = origin.sessions.find(({ hasRoom }) => hasRoom);
      if (session !== undefined) return session;
    }
    for (let kept = origin.idle.pop(); kept !== undefined; kept = origin.idle.pop()) {
      if (kept.isUsable && kept.freeUntilMs > origin.usedAtMs) return kept;
      kept.abort();
    }
    if (target.scheme === 'http') return this.#dial(origin, []);
    return wantsHttp2 || origin.needsHttp2 ? this.#share(origin) : this.#dialHttp1(origin);
  }

  /** Ends what nothing used for a while; gives how many origins are left. */
  sweep(): number {
    const nowMs = performance.now();
    const all = this.#all();
    for (const origin of all) {
      const stale = origin.idle.filter(({ freeUntilMs }) => freeUntilMs <= nowMs);
      for (const connection of stale) {
        origin.idle.splice(origin.idle.indexOf(connection), 1);
        connection.abort();
      }
      const isIdle = origin.idle.length === 0 && origin.sessions.every(({ isIdle }) => isIdle);
      if (isIdle && nowMs - origin.usedAtMs > ORIGIN_IDLE_MS) this.#forget(origin);
    }
    return all.filter(({ isForgotten }) => !isForgotten).length;
  }

  #originOf(target: Target): Origin {
    const { scheme, host, port, address } = target;
    const ofHost = this.#origins.get(host) ?? [];
    for (const known of ofHost) {
      const { target: other } = known;
      if (other.port === port && other.address === address && other.scheme === scheme) return known;
    }
    const origin: Origin = {
      target,
      idle: [],
      sessions: [],
      tlsSession: undefined,
      needsHttp2: false,
      dialling: null,
      usedAtMs: 0,
      isForgotten: false,
    };
    this.#origins.set(host, [...ofHost, origin]);
    return origin;
  }

  async #dialHttp1(origin: Origin): Promise<UpstreamConnection> {
    try {
      return await this.#dial(origin, ['http/1.1']);
    } catch (error) {
      if (!speaksNoHttp1(error)) throw error;
      origin.needsHttp2 = true;
      return this.#share(origin);
    }
  }

  /** Those who can use one connection together wait for the same one; if it cannot be shared, each opens another. */
  async #share(origin: Origin): Promise<UpstreamConnection> {
    const first = origin.dialling;
    if (first === null) {
      origin.dialling = this.#dial(origin, ['h2', 'http/1.1']);
      try {
        return await origin.dialling;
      } finally {
        origin.dialling = null;
      }
    }
    const shared = await first;
    const session = origin.sessions.find(({ hasRoom }) => hasRoom);
    return session === shared ? session : this.#dial(origin, ['h2', 'http/1.1']);
  }

  async #dial(origin: Origin, protocols: readonly string[]): Promise<UpstreamConnection> {
    const { scheme, host, port, address } = origin.target;
    const context = this.#context;
    const socket = await dial({
      host,
      port,
      address,
      proxy: this.#settings.proxy,
      tls:
        scheme === 'http'
          ? null
          : {
              context: this.#trust(),
              protocols,
              session: origin.tlsSession,
              onSession: (session) => {
                origin.tlsSession = session;
              },
            },
    });
    if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2') {
      const { Http2Upstream } = await import('./http2-upstream.ts');
      if (socket.destroyed) throw new Error('the upstream closed the connection');
      const session = new Http2Upstream(socket, (ended) => {
        origin.sessions.splice(origin.sessions.indexOf(ended), 1);
      });
      origin.sessions.push(session);
      return session;
    }
    return new Http1Upstream(socket, (connection) => {
      const isCurrent = context === undefined || context === this.#context;
      if (isCurrent && !origin.isForgotten && origin.idle.length < MAX_IDLE) {
        origin.idle.push(connection);
      } else connection.abort();
    });
  }

  /** Made when the first upstream is dialled: reading the system's authorities takes time and memory. */
  #trust(): SecureContext {
    this.#context ??= createSecureContext({
      ca: [
        ...new Set([
          ...getCACertificates('default'),
          ...getCACertificates('system'),
          ...this.#settings.trustedCaPem,
        ]),
      ],
    });
    return this.#context;
  }

  #all(): readonly Origin[] {
    return [...this.#origins.values()].flat();
  }

  #forget(origin: Origin): void {
    const { host } = origin.target;
    const left = this.#origins.get(host)?.filter((other) => other !== origin) ?? [];
    if (left.length === 0) this.#origins.delete(host);
    else this.#origins.set(host, left);
    origin.isForgotten = true;
    for (const connection of origin.idle.splice(0)) connection.abort();
    for (const session of [...origin.sessions]) session.retire();
  }
}

/** The alert with which a server answers an offer of HTTP/1.1 alone. */
function speaksNoHttp1(error: unknown): boolean {
  return /NO_APPLICATION_PROTOCOL/i.test(String((error as { readonly code?: unknown }).code));
}
