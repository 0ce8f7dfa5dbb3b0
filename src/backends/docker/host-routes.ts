import { readFile } from 'node:fs/promises';
import type { Endpoint } from './endpoint.ts';

/**
 * A wider route leads to wherever, like the default one: a VPN's 10.0.0.0/8 says where a part of the world is reached, not
 * that every address of it is somebody's. It would leave the default `networks.pool` without a network.
 */
const WIDEST = 16;

/**
 * Networks that the host reaches by a route of its own: a bottle's network over one of them would take it away from the
 * host. Only an engine on this host is asked about it; none where the system does not say (macOS).
 */
export async function hostRoutes({ kind }: Endpoint): Promise<readonly string[]> {
  if (kind !== 'unix') return [];
  return routesIn(await readFile('/proc/net/route', 'utf8').catch(() => ''));
}

/** CIDRs of a `/proc/net/route`, but for those that are too wide to be one network. */
export function routesIn(table: string): readonly string[] {
  const routes = table.split('\n').flatMap((line) => {
    const fields = line.split(/\s+/);
    const destination = octets(fields[1]);
    const prefix = octets(fields[7])?.reduce((bits, octet) => bits + ones(octet), 0) ?? 0;
    return destination === null || prefix < WIDEST ? [] : [`${destination.join('.')}/${prefix}`];
  });
  return [...new Set(routes)];
}

/** Four bytes as the kernel holds them: the first one is the last of its hexadecimal form. */
function octets(hex: string | undefined): readonly number[] | null {
  if (hex === undefined || !/^[0-9A-F]{8}$/i.test(hex)) return null;
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

function ones(octet: number): number {
  return octet.toString(2).replaceAll('0', '').length;
}
