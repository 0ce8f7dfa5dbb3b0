import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from './endpoint.ts';

/** Settings of the interfaces in this process's network namespace. */
const INTERFACES = '/proc/sys/net/ipv4/conf';

/** What the kernel drops: packets from where no route leads back. */
const STRICT = '1';

/**
 * Keeps what agents say to everybody on their link from this host. A bridge without an address answers nothing, but a
 * kernel that does not look at where packets come from hands broadcasts to each service that listens by UDP on all
 * addresses. The setting is the bridge's own and gone with it. Where it cannot be made (an engine elsewhere, or not as
 * root), `bb doctor` tells how the host stands.
 */
export async function filterReversePath({ kind }: Endpoint, networkId: string): Promise<void> {
  // A container that was never started does not know its networks on every engine.
  if (kind !== 'unix' || !/^[0-9a-f]{12,}$/.test(networkId)) return;
  const bridge = `br-${networkId.slice(0, 12)}`;
  if ((await filtersOf(bridge)) !== 'none') return;
  await writeFile(join(INTERFACES, bridge, 'rp_filter'), STRICT).catch(() => undefined);
}

/** How the host stands with bridges that are made from now on: `unknown` where the system does not say. */
export async function reversePathOfNewBridges(): Promise<'filtered' | 'none' | 'unknown'> {
  return filtersOf('default');
}

/** The larger of the interface's own setting and that of all is in force. */
async function filtersOf(name: string): Promise<'filtered' | 'none' | 'unknown'> {
  const read = (of: string) => readFile(join(INTERFACES, of, 'rp_filter'), 'utf8');
  try {
    const values = await Promise.all([read('all'), read(name)]);
    return values.every((value) => value.trim() === '0') ? 'none' : 'filtered';
  } catch {
    return 'unknown';
  }
}
