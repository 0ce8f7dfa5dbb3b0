import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BackendUnderTest } from './backend-under-test.ts';
import { bottleUnderTest, observed, shell } from './bottle-under-test.ts';
import { RELOADING_SIDECARS } from './serving-sidecars.ts';

/** create → observe → start → exec → reload → restart sidecar → stop → remove, on one bottle. */
export function wholeLifeContract(under: BackendUnderTest): void {
  describe('a whole life', () => {
    it('a table is reloaded and sidecars start again under an agent that goes on, and each step is seen', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bb-life-'));
      await using stack = new AsyncDisposableStack();
      stack.defer(() => rm(folder, { recursive: true }));
      await chmod(folder, 0o755);
      const publish = async (table: string) => {
        await writeFile(join(folder, 'new'), table, { mode: 0o644 });
        await rename(join(folder, 'new'), join(folder, 'table'));
      };
      await publish('first');
      const mounts = [{ source: folder, target: '/bb/in', readOnly: true }];
      const bottle = stack.use(
        bottleUnderTest(under, 'dev', { sidecars: { command: RELOADING_SIDECARS, mounts } }),
      );
      const backend = under.open();
      const [agent, sidecars] = [bottle.ref('agent'), bottle.ref('sidecars')];
      const states = async () => {
        const seen = await observed(under.open(), bottle);
        return [seen.agent?.state, seen.sidecars?.state];
      };
      const says = async (script: string, answer: string) => {
        if (!under.runsPrograms) return;
        await expect.poll(() => shell(backend, agent, script), { timeout: 20_000 }).toBe(answer);
      };

      expect(await states()).toEqual([undefined, undefined]);
      for (const step of bottle.making) await step(backend);
      expect(await states()).toEqual(['created', 'created']);
      for (const step of bottle.starting) await step(backend);
      expect(await states()).toEqual(['running', 'running']);
      const before = await observed(backend, bottle);
      await says(FIRST_LINE, 'first');
      if (under.runsPrograms) await shell(backend, agent, HOLD);
      await says('cat /tmp/held', 'first');

      await publish('second');
      await backend.signal(sidecars, 'SIGHUP');
      await says(FIRST_LINE, 'second');
      // The connection that was there before has both.
      await says('cat /tmp/held', 'first\nsecond');
      const reloaded = await observed(backend, bottle);
      expect(reloaded.agent).toEqual(before.agent);
      expect(reloaded.sidecars).toEqual(before.sidecars);

      await backend.stop(sidecars, 1_000);
      expect(await states()).toEqual(['running', 'exited']);
      await says(FIRST_LINE, 'nothing');
      await backend.start(sidecars);
      expect(await states()).toEqual(['running', 'running']);
      await says(FIRST_LINE, 'second');
      expect((await observed(backend, bottle)).agent).toEqual(before.agent);

      await backend.stop(agent, 1_000);
      expect(await states()).toEqual(['exited', 'running']);
      await backend.stop(sidecars, 1_000);
      expect(await states()).toEqual(['exited', 'exited']);
      await backend.remove(agent);
      await backend.remove(sidecars);
      expect(await states()).toEqual([undefined, undefined]);
      for (const network of ['internal-network', 'external-network'] as const) {
        await backend.remove(bottle.ref(network));
      }
      expect((await observed(backend, bottle)).bottle).toBeUndefined();
    }, 120_000);
  });
}

/** What somebody who comes now is told. */
const FIRST_LINE = `timeout 2 bash -c 'read -r line < /dev/tcp/egress/8080; echo "$line"' 2>/dev/null | grep . || echo nothing`;

/** Stays, and writes down what it is told. */
const HOLD = `bash -c 'cat < /dev/tcp/egress/8080' > /tmp/held 2>/dev/null < /dev/null &`;
