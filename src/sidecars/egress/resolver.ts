import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { UpstreamSettings } from '../../model/sidecar.ts';
import { mayDial } from './address-policy.ts';

export type Resolution =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'forbidden'; readonly addresses: readonly string[] }
  | { readonly kind: 'unknown' }
  /** Whoever knows the names did not answer in time, or has too many questions already. */
  | { readonly kind: 'unanswered' };

/** Asks the system; gives no addresses for a name that has none. Null = nobody could say; may never come back. */
export type Lookup = (host: string) => Promise<readonly string[] | null>;

const KEEP_MS = 10_000;
const MAX_NAMES = 4096;
/** The system works on some at a time (`LOOKUP_THREADS`), and nothing can make it give up on one. */
const MAX_ASKED = 64;

/**
 * Turns a host into the one address to dial: it is checked here and dialled as it is, so no second answer of a resolver
 * can take its place. The host's own names (`upstream.hosts`) come before any resolver, and their addresses need no
 * `addresses` of a route: the operator wrote them where git cannot.
 */
export class Resolver {
  readonly #answers = new Map<
    string,
    { readonly atMs: number; readonly addresses: readonly string[] }
  >();
  readonly #asked = new Map<string, Promise<readonly string[] | null>>();
  readonly #lookup: Lookup;
  readonly #lookupMs: number;

  constructor(lookupMs: number, lookup: Lookup = askSystem) {
    this.#lookupMs = lookupMs;
    this.#lookup = lookup;
  }

  /** At once where nobody has to be asked, else within `lookupMs`. */
  resolve(
    host: string,
    upstream: UpstreamSettings,
    declared: readonly string[],
  ): Resolution | Promise<Resolution> {
    if (Object.hasOwn(upstream.hosts, host)) {
      const address = upstream.hosts[host]?.find((each) => isIP(each) !== 0);
      return address === undefined ? { kind: 'unknown' } : { kind: 'address', address };
    }
    if (isIP(host) !== 0) return chosen([host], declared);
    const known = this.#answers.get(host);
    if (known !== undefined && performance.now() - known.atMs < KEEP_MS) {
      return chosen(known.addresses, declared);
    }
    const asked = this.#asked.get(host);
    if (asked === undefined && this.#asked.size >= MAX_ASKED) return { kind: 'unanswered' };
    return this.#inTime(asked ?? this.#ask(host)).then((addresses) =>
      addresses === null ? { kind: 'unanswered' } : chosen(addresses, declared),
    );
  }

  /** Null where there was no answer in time; whoever comes later waits for the same one. */
  #inTime(asking: Promise<readonly string[] | null>): Promise<readonly string[] | null> {
    const { promise: late, resolve } = Promise.withResolvers<null>();
    const timeout = setTimeout(resolve, this.#lookupMs, null);
    return Promise.race([asking, late]).finally(() => clearTimeout(timeout));
  }

  /** One question at a time for each name. That nobody could say holds for nobody who asks later. */
  #ask(host: string): Promise<readonly string[] | null> {
    const asking = this.#lookup(host).then((addresses) => {
      this.#asked.delete(host);
      if (addresses === null) return null;
      if (this.#answers.size >= MAX_NAMES) this.#answers.clear();
      this.#answers.set(host, { atMs: performance.now(), addresses });
      return addresses;
    });
    this.#asked.set(host, asking);
    return asking;
  }
}

function chosen(addresses: readonly string[], declared: readonly string[]): Resolution {
  if (addresses.length === 0) return { kind: 'unknown' };
  const address = addresses.find((each) => mayDial(each, declared));
  return address === undefined ? { kind: 'forbidden', addresses } : { kind: 'address', address };
}

/** Whether an address that a request was sent to would be chosen again: by the host's own names, else by the policy. */
export function mayStay(
  host: string,
  address: string,
  upstream: UpstreamSettings,
  declared: readonly string[],
): boolean {
  const own = Object.hasOwn(upstream.hosts, host) ? upstream.hosts[host] : undefined;
  return own === undefined ? mayDial(address, declared) : own.includes(address);
}

async function askSystem(host: string): Promise<readonly string[] | null> {
  try {
    const answers = await lookup(host, { all: true, order: 'ipv4first' });
    return answers.map(({ address }) => address);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOTFOUND' ? [] : null;
  }
}
