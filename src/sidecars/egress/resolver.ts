import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { UpstreamSettings } from '../../model/sidecar.ts';
import { mayDial } from './address-policy.ts';

export type Resolution =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'forbidden'; readonly addresses: readonly string[] }
  | { readonly kind: 'unknown' };

const KEEP_MS = 10_000;
const MAX_NAMES = 4096;

/**
 * Turns a host into the one address to dial: it is checked here and dialled as it is, so no second answer of a resolver
 * can take its place. The host's own names (`upstream.hosts`) come before any resolver, and their addresses need no
 * `addresses` of a route: the operator wrote them where git cannot.
 */
export class Resolver {
  readonly #answers = new Map<
    string,
    { readonly atMs: number; readonly addresses: Promise<string[]> }
  >();

  async resolve(
    host: string,
    upstream: UpstreamSettings,
    declared: readonly string[],
  ): Promise<Resolution> {
    if (Object.hasOwn(upstream.hosts, host)) {
      const address = upstream.hosts[host]?.find((each) => isIP(each) !== 0);
      return address === undefined ? { kind: 'unknown' } : { kind: 'address', address };
    }
    const addresses = await this.#addressesOf(host);
    if (addresses.length === 0) return { kind: 'unknown' };
    const address = addresses.find((each) => mayDial(each, declared));
    return address === undefined ? { kind: 'forbidden', addresses } : { kind: 'address', address };
  }

  #addressesOf(host: string): readonly string[] | Promise<string[]> {
    if (isIP(host) !== 0) return [host];
    const known = this.#answers.get(host);
    const nowMs = performance.now();
    if (known !== undefined && nowMs - known.atMs < KEEP_MS) return known.addresses;
    const addresses = ask(host);
    if (this.#answers.size >= MAX_NAMES) this.#answers.clear();
    this.#answers.set(host, { atMs: nowMs, addresses });
    return addresses;
  }
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

async function ask(host: string): Promise<string[]> {
  try {
    const answers = await lookup(host, { all: true, order: 'ipv4first' });
    return answers.map(({ address }) => address);
  } catch {
    return [];
  }
}
