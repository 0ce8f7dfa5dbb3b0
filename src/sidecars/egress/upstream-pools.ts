import { isIPv6, type LookupFunction } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { Dispatcher, Pool } from 'undici';
import type { EgressRequest } from './decide.ts';

const IDLE_MS = 60_000;
const CONNECT_TIMEOUT_MS = 15_000;
/** A model may think for long before its first byte, and a stream may be silent between events. */
const HEADERS_TIMEOUT_MS = 900_000;
const BODY_TIMEOUT_MS = 3_600_000;

interface KeptPool {
  readonly pool: Pool;
  usedAtMs: number;
}

/** Connections to upstreams, kept by host, port and the address that was checked. */
export class UpstreamPools {
  readonly #pools = new Map<string, KeptPool>();
  #Pool: typeof Pool | undefined;
  #trustedCaPem: readonly string[] = [];
  #secureContext: SecureContext | undefined;

  /** Authorities to trust beside the system's. Connections made under other ones take no new requests. */
  trust(trustedCaPem: readonly string[]): void {
    if (trustedCaPem.join() === this.#trustedCaPem.join()) return;
    this.#trustedCaPem = trustedCaPem;
    this.#secureContext = undefined;
    for (const key of this.#pools.keys()) this.#retire(key);
  }

  async poolFor(request: EgressRequest, address: string): Promise<Dispatcher> {
    // Loaded when first needed: the listener is up 30 ms earlier, and a bottle without traffic stays small.
    this.#Pool ??= (await import('undici/lib/dispatcher/pool.js')).default;
    const { host, port } = request.authority;
    const key = `${request.scheme} ${host} ${port} ${address}`;
    const nowMs = performance.now();
    const kept = this.#pools.get(key);
    if (kept !== undefined) {
      kept.usedAtMs = nowMs;
      return kept.pool;
    }
    const pool = this.#open(this.#Pool, request, address);
    this.#pools.set(key, { pool, usedAtMs: nowMs });
    return pool;
  }

  /** Closes pools that nothing used for a while. */
  sweep(): void {
    const nowMs = performance.now();
    for (const [key, { pool, usedAtMs }] of this.#pools) {
      const { running, pending, queued } = pool.stats;
      if (nowMs - usedAtMs > IDLE_MS && running + pending + queued === 0) this.#retire(key);
    }
  }

  #open(
    UndiciPool: typeof Pool,
    { scheme, authority: { host, port } }: EgressRequest,
    address: string,
  ): Pool {
    return new UndiciPool(`${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`, {
      allowH2: false,
      headersTimeout: HEADERS_TIMEOUT_MS,
      bodyTimeout: BODY_TIMEOUT_MS,
      keepAliveTimeout: 10_000,
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        lookup: always(address),
        ...(scheme === 'https' ? { secureContext: this.#trust() } : {}),
      },
    });
  }

  /** Made when the first upstream is dialled: reading the system's authorities takes time and memory. */
  #trust(): SecureContext {
    this.#secureContext ??= createSecureContext({
      ca: [
        ...new Set([
          ...getCACertificates('default'),
          ...getCACertificates('system'),
          ...this.#trustedCaPem,
        ]),
      ],
    });
    return this.#secureContext;
  }

  #retire(key: string): void {
    const kept = this.#pools.get(key);
    this.#pools.delete(key);
    kept?.pool.close().catch(() => undefined);
  }
}

/** Answers every look-up with the address that was checked. */
function always(address: string): LookupFunction {
  const family = isIPv6(address) ? 6 : 4;
  return (_host, options, answer) => {
    if (options.all === true) answer(null, [{ address, family }]);
    else answer(null, address, family);
  };
}
