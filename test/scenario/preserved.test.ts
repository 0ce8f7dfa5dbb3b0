import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { FleetEvent } from '../../src/model/event.ts';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import { eventually } from '../eventually.ts';
import { inBottle } from './bottle.ts';
import type { FleetUnderTest } from './fleet-under-test.ts';
import { scenario } from './scenario.ts';

const embedded = await embeddedUnderTest();
const AGENT = 'desired-state/agents/dev.yaml';

describe.skipIf(embedded.kind === 'none')('embedded', () => {
  scenario(
    'what an agent that crashed left must be kept when it goes, and be there when it comes back',
    { engine: null, isEmbedded: true },
    async (fleet) => {
      const before = await fleet.repository.git('show', `HEAD:${AGENT}`);
      await fleet.done('reconcile');
      await inBottle(fleet, 'dev', 'echo unsaved > ~/notes');
      process.kill(await agentPid(fleet), 'SIGKILL');
      await eventually('the agent is started again', async () => {
        await fleet.done('reconcile');
        return (await told(fleet, 'AgentCrashed'))[0];
      });
      await fleet.repository.commit({ [AGENT]: before.replace('[{name: dev}]', '[]') });
      await fleet.done('reconcile');
      expect((await fleet.status()).bottles).toEqual([]);
      const image = `bb/preserved:${fleet.name}-dev`;
      expect(await told(fleet, 'BottlePreserved')).toEqual([
        expect.stringContaining(`"image: {ref: ${image}}"`),
      ]);
      await fleet.repository.commit({
        [AGENT]: before,
        'desired-state/bottles/base.yaml': `routes: [api]\nimage: {ref: ${image}}\n`,
      });
      await fleet.done('reconcile');
      expect((await inBottle(fleet, 'dev', 'cat ~/notes')).stdout).toBe('unsaved');
    },
  );
});

async function agentPid(fleet: FleetUnderTest): Promise<number> {
  const runs = join(fleet.folder, 'state/bb', fleet.name, 'embedded/runs');
  return JSON.parse(await readFile(join(runs, `bb-${fleet.name}-dev.json`), 'utf8')).init.pid;
}

async function told(fleet: FleetUnderTest, reason: string): Promise<readonly string[]> {
  const events = await fleet.json<readonly FleetEvent[]>('events', '-n', '500');
  return events.filter((event) => event.reason === reason).map(({ message }) => message);
}
