import { describe, expect, it } from 'vitest';
import type { BackendHint } from '../../src/backends/backend.ts';
import { runtimeName } from '../../src/model/component.ts';
import type { BackendUnderTest } from './backend-under-test.ts';
import { bottleUnderTest } from './bottle-under-test.ts';

/** Whether somebody works in a container, and when they left. */
export function sessionsContract(under: BackendUnderTest): void {
  describe('sessions', () => {
    it('a container is busy while somebody works in it, and its bottle is hinted at when they left', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      const agent = bottle.ref('agent');
      await bottle.up(backend);
      expect(await backend.isBusy(agent)).toBe(false);
      const hints: BackendHint[] = [];
      const stop = new AbortController();
      backend.watch(bottle.fleet, (hint) => hints.push(hint), stop.signal);
      const session = await under.makeSession(runtimeName(agent));
      await expect.poll(() => backend.isBusy(agent)).toBe(true);
      expect(await under.open().isBusy(agent)).toBe(true);
      expect(await backend.isBusy(bottle.ref('sidecars'))).toBe(false);
      hints.length = 0;
      await session[Symbol.asyncDispose]();
      await expect.poll(() => hints).toContainEqual({ kind: 'look', bottle: bottle.bottle });
      expect(await backend.isBusy(agent)).toBe(false);
      stop.abort();
    });

    it('what bb itself runs in a container is nobody at work', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      const agent = bottle.ref('agent');
      await bottle.up(backend);
      const argv = ['sleep', under.runsPrograms ? '2' : '0'];
      const probe = backend.exec(agent, { argv, user: null, timeoutMs: 20_000 });
      let ended = false;
      const over = probe.finally(() => {
        ended = true;
      });
      do expect(await backend.isBusy(agent)).toBe(false);
      while (!ended && under.runsPrograms);
      expect((await over).exitCode).toBe(0);
    });

    it('nobody works in what is stopped or not there', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      expect(await backend.isBusy(bottle.ref('agent'))).toBe(false);
      await bottle.up(backend);
      await backend.stop(bottle.ref('agent'), 0);
      expect(await backend.isBusy(bottle.ref('agent'))).toBe(false);
    });
  });
}
