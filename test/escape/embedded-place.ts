import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limitMethod } from '../../src/backends/embedded/limits.ts';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import type { FleetUnderTest } from '../scenario/fleet-under-test.ts';
import type { AttackedPlaceOrNone } from './attacked-place.ts';

/** This machine alone. Loopback is a /8: the upstreams have an address of their own in it. */
export async function embeddedPlace(): Promise<AttackedPlaceOrNone> {
  const under = await embeddedUnderTest();
  if (under.kind === 'none') return { ...under, name: 'embedded' };
  const own = [process.pid >> 8, process.pid].map((part) => part & 0xff);
  return {
    kind: 'place',
    name: 'embedded',
    address: `127.213.${own.join('.')}`,
    engine: null,
    harmless: [],
    limitsMemory: limitMethod().controllers.some((one) => one === 'memory'),
    atLimits: 'told',
    outsideOf: async () => null,
    removeSidecars: null,
    hostsFile: async (fleet, bottle) =>
      join(directoryOf(fleet), 'roots', `bb-${fleet.name}-${bottle}-sidecars`, 'etc/hosts'),
    async recordsOf(fleet, bottle) {
      const files = ['', '-sidecars'].flatMap((of) => [
        join(directoryOf(fleet), 'records', `bb-${fleet.name}-${bottle}${of}.json`),
        join(directoryOf(fleet), 'runs', `bb-${fleet.name}-${bottle}${of}.json`),
        join(directoryOf(fleet), 'roots', `bb-${fleet.name}-${bottle}${of}`, 'log'),
      ]);
      const texts = await Promise.all(files.map((path) => readFile(path, 'utf8')));
      return `${texts.join('\n')}${await commandLines()}`;
    },
    async sidecarsPid(fleet, bottle) {
      const path = join(directoryOf(fleet), 'runs', `bb-${fleet.name}-${bottle}-sidecars.json`);
      return JSON.parse(await readFile(path, 'utf8')).init.pid;
    },
  };
}

function directoryOf(fleet: FleetUnderTest): string {
  return join(fleet.folder, 'state/bb', fleet.name, 'embedded');
}

/** What every user of this machine may read of all processes. */
async function commandLines(): Promise<string> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const lines = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(lines)).join('\n');
}
