import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import type { BackendUnderTest } from './backend-under-test.ts';
import { type BottleUnderTest, bottleUnderTest, observed, shell } from './bottle-under-test.ts';
import { SERVING_SIDECARS } from './serving-sidecars.ts';

/** What a bottle is taken down by, in this order. */
function takingDown(bottle: BottleUnderTest): readonly ((backend: Backend) => Promise<void>)[] {
  const { ref } = bottle;
  return [
    (backend) => backend.stop(ref('agent'), 0),
    (backend) => backend.remove(ref('agent')),
    (backend) => backend.stop(ref('sidecars'), 0),
    (backend) => backend.remove(ref('sidecars')),
    (backend) => backend.remove(ref('internal-network')),
    (backend) => backend.remove(ref('external-network')),
  ];
}

/** Controllers that die, engines that are not there, sidecars that are replaced under an agent that works. */
export function interruptionsContract(under: BackendUnderTest): void {
  describe('interruptions', () => {
    it('every call of a bottle’s life may be made by a controller of its own, twice', async () => {
      await using bottle = bottleUnderTest(under);
      for (const step of bottle.steps) {
        await step(under.open());
        await step(under.open());
      }
      expect((await observed(under.open(), bottle)).agent?.state).toBe('running');
      expect(await under.open().isBusy(bottle.ref('agent'))).toBe(false);
      const request = { argv: ['true'], user: null, timeoutMs: 20_000 };
      expect((await under.open().exec(bottle.ref('agent'), request)).exitCode).toBe(0);
      for (const step of takingDown(bottle)) {
        await step(under.open());
        await observed(under.open(), bottle);
        await step(under.open());
      }
      expect((await observed(under.open(), bottle)).bottle).toBeUndefined();
    }, 120_000);

    it('a bottle that was taken down in part comes up whole, wherever the controller died', async () => {
      await using bottle = bottleUnderTest(under);
      await bottle.up(under.open());
      for (let calls = 1; calls <= takingDown(bottle).length; calls += 1) {
        const first = under.open();
        for (const step of takingDown(bottle).slice(0, calls)) await step(first);
        await bottle.up(under.open());
        const seen = await observed(under.open(), bottle);
        expect([calls, seen.agent?.state, seen.sidecars?.state]).toEqual([
          ...[calls, 'running', 'running'],
        ]);
        expect(seen.bottle?.networks).toHaveLength(bottle.hasNetworks ? 2 : 0);
      }
    }, 120_000);

    it('sidecars are replaced under an agent that goes on, and it finds the new ones', async () => {
      await using bottle = bottleUnderTest(under, 'dev', {
        sidecars: { command: SERVING_SIDECARS },
      });
      const backend = under.open();
      await bottle.up(backend);
      const agent = bottle.ref('agent');
      const sidecars = bottle.ref('sidecars');
      const finds = async () => {
        if (!under.runsPrograms) return;
        await expect.poll(() => shell(backend, agent, ASKS), { timeout: 20_000 }).toBe('served');
      };
      await finds();
      const before = await observed(backend, bottle);
      await backend.stop(sidecars, 1_000);
      await backend.remove(sidecars);
      const without = await observed(backend, bottle);
      expect([without.agent?.state, without.sidecars]).toEqual(['running', undefined]);
      if (under.runsPrograms) expect(await shell(backend, agent, ASKS)).toBe('nothing');
      await bottle.up(backend);
      const after = await observed(backend, bottle);
      expect(after.agent).toEqual(before.agent);
      expect(after.sidecars?.state).toBe('running');
      await finds();
    }, 60_000);

    it('an agent that takes the ports of sidecars that are away does not keep them away', async () => {
      if (!under.runsPrograms) return;
      await using bottle = bottleUnderTest(under, 'dev', {
        sidecars: { command: SERVING_SIDECARS },
      });
      const backend = under.open();
      const [agent, sidecars] = [bottle.ref('agent'), bottle.ref('sidecars')];
      await bottle.up(backend);
      const replacedBeside = async (ports: readonly number[]) => {
        await backend.stop(sidecars, 0);
        await shell(backend, agent, listening(ports));
        await backend.start(sidecars);
        const { agent: seen } = await observed(backend, bottle);
        await backend.start(agent);
        await expect.poll(() => shell(backend, agent, ASKS), { timeout: 20_000 }).toBe('served');
        return seen?.state;
      };
      expect(await replacedBeside([8081, 9101])).toBe('running');
      // Where the two share an address, the agent pays for it.
      const state = await replacedBeside([8080, 9100]);
      expect(state).toBe(bottle.hasNetworks ? 'running' : 'exited');
    }, 60_000);

    it('what is not there is said by every call, and waited for by watch', async () => {
      const backend = under.openAbsent();
      if (backend === null) return;
      const bottle = bottleUnderTest(under);
      const agent = bottle.ref('agent');
      expect(await backend.observe(bottle.fleet)).toEqual({
        available: false,
        reason: expect.stringMatching(/\w/),
      });
      const request = { argv: ['true'], user: null, timeoutMs: 5_000 };
      const file = { path: 'a', content: Buffer.from('a'), mode: 0o644, uid: 1000, gid: 1000 };
      const calls = [
        () => backend.createContainer(bottle.agent, {}),
        () => backend.start(agent),
        () => backend.stop(agent, 0),
        () => backend.exec(agent, request),
        () => backend.copyIn(agent, '/tmp', [file]),
        () => backend.copyOut(agent, '/tmp/a', 10),
        () => backend.signal(agent, 'SIGHUP'),
        () => backend.stats(agent),
      ];
      for (const call of calls) {
        await expect(call(), String(call)).rejects.toMatchObject({ name: 'BackendError' });
      }
      const stop = new AbortController();
      backend.watch(bottle.fleet, () => undefined, stop.signal);
      stop.abort();
    });
  });
}

const ASKS = `timeout 2 bash -c 'cat < /dev/tcp/egress/8080' 2>/dev/null || echo nothing`;

/** Listens on ports of the bottle's loopback, and says `agent` to whoever comes, also to one who does not wait for it. */
function listening(ports: readonly number[]): string {
  const program = ports.map(
    (port) =>
      `require('node:net').createServer((socket) => socket.on('error', () => undefined).end('agent')).listen(${port}, '127.0.0.1');`,
  );
  const knocks = ports.map((port) => `(: < /dev/tcp/127.0.0.1/${port}) 2>/dev/null`).join(' && ');
  return `node -e "${program.join('')}" > /dev/null 2>&1 < /dev/null &
timeout 10 bash -c 'until ${knocks}; do sleep 0.05; done'`;
}
