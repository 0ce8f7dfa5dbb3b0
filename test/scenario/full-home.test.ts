import { expect, test } from 'vitest';
import type { FleetEvent } from '../../src/model/event.ts';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import { eventually } from '../eventually.ts';
import type { FleetUnderTest } from './fleet-under-test.ts';
import { scenario } from './scenario.ts';

const place = await embeddedUnderTest();
const BASE = 'desired-state/bottles/base.yaml';
const bottle = (disk: string) =>
  `env: {PAGER: cat}\nroutes: [api]\nresources: {cpus: 1, memory: 256MiB, pids: 128, disk: ${disk}}\n`;

if (place.kind === 'none') test.skip(`a full home without an engine: ${place.reason}`);
else {
  const options = { engine: null, isEmbedded: true, timeoutMs: 120_000 } as const;

  scenario(
    'an agent that fills the disk must be stopped, keep its files, and come back with room for them',
    options,
    async (fleet) => {
      await fleet.repository.commit({ [BASE]: bottle('64MiB') });
      await fleet.controller();
      await fleet.done('reconcile');
      await fleet.done('exec', 'dev', '--', 'sh', '-c', 'head -c 1000000 /dev/zero >small');
      // What it runs ends with it.
      const filling = 'head -c 100000000 /dev/zero >large; sleep 1000';
      expect((await fleet.bb('exec', 'dev', '--', 'sh', '-c', filling)).exitCode).not.toBe(0);
      await eventually('it is said', async () => (await stalled(fleet)) !== null, 40_000);
      expect(await stalled(fleet)).toMatch(
        /of 64 MiB, so its agent is stopped; raise resources.disk/,
      );
      const told = await fleet.json<readonly FleetEvent[]>('events', '-n', '500');
      expect(told.filter(({ reason }) => reason === 'DiskLimitReached')).toHaveLength(1);
      expect((await fleet.bb('exec', 'dev', '--', 'true')).exitCode).not.toBe(0);
      await fleet.repository.commit({ [BASE]: bottle('1GiB') });
      await eventually('it runs again', async () => (await stalled(fleet)) === null, 40_000);
      await fleet.done('reconcile');
      const files = await fleet.done('exec', 'dev', '--', 'sh', '-c', 'wc -c <small; wc -c <large');
      expect(files.stdout.trim().split(/\s+/)).toEqual(['1000000', '100000000']);
    },
  );
}

/** Why `dev` waits for a person; null when it does not. */
async function stalled(fleet: FleetUnderTest): Promise<string | null> {
  const { bottles } = await fleet.status();
  const conditions = bottles.flatMap((each) => each.conditions);
  return conditions.find(({ type }) => type === 'Stalled')?.message ?? null;
}
