import { describe, expect, type TestContext, test } from 'vitest';
import { eventually } from '../eventually.ts';
import type { AttackedFleet } from './attacked-fleet.ts';
import { API } from './attacked-upstreams.ts';
import { exchangeAll, inside } from './inside.ts';
import { descendantsOf } from './process-tree.ts';
import { markOf, PATIENCE_MS, type Tries, tryingAgent } from './trying-agent.ts';

const TIMEOUT_MS = 3 * PATIENCE_MS;

/** What gets out while a bottle's sidecars are ended or held, and after. */
export function outageAttacks(attacked: () => AttackedFleet): void {
  describe('while there is no proxy', () => {
    test('nothing gets out when the sidecars are killed, and what is allowed when they are back', {
      timeout: TIMEOUT_MS,
    }, async (context) => {
      const pid = await sidecarsOf('dev', context);
      await tryDuring('killed', async () => void process.kill(pid, 'SIGKILL'));
    });

    test('nothing gets out while the sidecars are held, and what is allowed when they go on', {
      timeout: TIMEOUT_MS,
    }, async (context) => {
      const pid = await sidecarsOf('dev', context);
      await tryDuring('held', async (noticed) => {
        const held = [pid, ...descendantsOf(pid)];
        for (const one of held) process.kill(one, 'SIGSTOP');
        try {
          await noticed();
        } finally {
          for (const one of held) send(one, 'SIGCONT');
        }
      });
    });

    test('nothing gets out while the sidecars are replaced, and what is allowed through the new ones', {
      timeout: TIMEOUT_MS,
    }, async (context) => {
      const { fleet, place } = attacked();
      const { removeSidecars } = place;
      if (removeSidecars === null) return context.skip('here a start makes new ones each time');
      await tryDuring('replaced', () => removeSidecars(fleet, 'dev'));
    });

    test('nothing gets out while a bottle is taken down, and what is allowed when it is there again', async () => {
      const { fleet, arrived, machine } = attacked();
      const agents = 'desired-state/agents/dev.yaml';
      const before = await fleet.repository.git('show', `HEAD:${agents}`);
      const program = tryingAgent(attacked(), 'down', 3);
      const visits = machine.visits();
      const ended = inside(fleet, 'node', program, 'other').catch(String);
      await eventually(
        'the agent got through',
        () => arrived.some(({ line }) => line.includes('/public/down')) || undefined,
        20_000,
      );
      await fleet.repository.commit({ [agents]: before.replace(', {name: other}', '') });
      await fleet.done('reconcile');
      expect(await ended).toContain('the attack did not run');
      expect(machine.visits()).toBe(visits);
      await fleet.repository.commit({ [agents]: before });
      await fleet.done('reconcile');
      const send = `GET /public/again HTTP/1.1\r\nHost: ${API}\r\n\r\n`;
      const exchange = { name: 'again', tunnel: { target: API }, send };
      const { again } = await exchangeAll(fleet, [exchange], 'other');
      expect(again).toMatch(/^HTTP\/1\.1 200 /);
    }, 120_000);

    async function sidecarsOf(bottle: string, context: TestContext): Promise<number> {
      const { fleet, place } = attacked();
      const pid = await place.sidecarsPid(fleet, bottle);
      return pid ?? context.skip('gVisor’s processes are not this machine’s');
    }

    async function tryDuring(
      outage: string,
      cause: (noticed: () => Promise<unknown>) => Promise<void>,
    ): Promise<void> {
      const { fleet, arrived } = attacked();
      const program = tryingAgent(attacked(), outage, 3);
      const tries = inside<Tries>(fleet, 'node', program);
      // The first was answered when the second comes.
      await eventually(
        'the agent got through twice',
        () =>
          arrived.filter(({ line }) => line.includes(`/public/${outage}`)).length > 1 || undefined,
        PATIENCE_MS,
      );
      const noticed = () =>
        eventually(
          'the agent noticed',
          async () =>
            (await fleet.bb('exec', 'dev', '--', 'cat', markOf(outage))).exitCode === 0 ||
            undefined,
          PATIENCE_MS,
        );
      await cause(noticed);
      const { proxied, direct } = await tries;
      expect(direct).toEqual(['nothing']);
      expect(proxied[0]).toBe('200');
      expect(proxied.length).toBeGreaterThan(2);
      expect(proxied.at(-1)).toBe('200');
      expect(proxied.filter((one) => !['200', 'nothing'].includes(one))).toEqual([]);
    }
  });
}

/** A process may be gone by now. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is.
  }
}
