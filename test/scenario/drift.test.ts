import { expect } from 'vitest';
import type { FleetEvent } from '../../src/model/event.ts';
import { eventually } from '../eventually.ts';
import { get } from './bottle.ts';
import { onEngine } from './engine.ts';
import type { FleetUnderTest } from './fleet-under-test.ts';
import { scenario } from './scenario.ts';
import { URL_OF_API } from './upstream.ts';

await onEngine('drift', (engine) => {
  const { docker, base } = engine;

  scenario(
    'what was broken by hand must be mended',
    { engine, timeoutMs: 120_000 },
    async (fleet) => {
      const { engine: ours } = fleet;
      const foreign = await docker.createContainer({
        name: `bb-${fleet.name}-stranger`,
        Image: base,
        Cmd: ['sleep', 'infinity'],
        HostConfig: { NetworkMode: 'none' },
      });
      const other = await docker.createContainer({
        name: `other-${fleet.name}`,
        Image: base,
        Cmd: ['sleep', 'infinity'],
        Labels: { 'bb/fleet': 'another', 'bb/bottle': 'dev' },
        HostConfig: { NetworkMode: 'none' },
      });
      try {
        await foreign.start();
        const untouched = async () => [
          (await foreign.inspect()).State,
          (await other.inspect()).State,
        ];
        const before = await untouched();
        await fleet.controller();
        await fleet.done('reconcile');
        const blows = {
          'the agent is removed': () => ours.container('dev').remove({ force: true }),
          'the sidecars are stopped': () => ours.container('dev', 'sidecars').stop({ t: 0 }),
          'the sidecars lose their network': () =>
            ours.network('dev', 'int').disconnect({ Container: `bb-${fleet.name}-dev-sidecars` }),
          'a network is removed': async () => {
            const container = `bb-${fleet.name}-dev-sidecars`;
            await ours.network('dev', 'ext').disconnect({ Container: container, Force: true });
            await ours.network('dev', 'ext').remove();
          },
        };
        for (const [blow, strike] of Object.entries(blows)) {
          const known = (await events(fleet)).length;
          await strike();
          await eventually(
            `mended after ${blow}`,
            async () =>
              (await events(fleet)).length > known &&
              (await isReady(fleet)) &&
              (await get(fleet, 'dev', `${URL_OF_API}/public/x`)).startsWith('200'),
            40_000,
          );
        }
        expect(await untouched()).toEqual(before);
      } finally {
        await foreign.remove({ force: true });
        await other.remove({ force: true });
      }
    },
  );

  scenario(
    'a name that is taken must be told, and used once it is free',
    { engine },
    async (fleet) => {
      const foreign = await docker.createContainer({
        name: `bb-${fleet.name}-dev`,
        Image: base,
        HostConfig: { NetworkMode: 'none' },
      });
      const ended = await fleet.bb('reconcile', '--timeout', '20s');
      expect(ended.exitCode).toBe(1);
      const { bottles } = await fleet.status();
      const told = JSON.stringify(bottles[0]?.conditions);
      expect(told).toContain(`bb-${fleet.name}-dev`);
      expect((await foreign.inspect()).State.Status).toBe('created');
      await foreign.remove();
      await fleet.done('reconcile');
      expect(await isReady(fleet)).toBe(true);
    },
  );
});

function events(fleet: FleetUnderTest): Promise<readonly FleetEvent[]> {
  return fleet.json('events', '-n', '500');
}

async function isReady(fleet: FleetUnderTest): Promise<boolean> {
  const { bottles } = await fleet.status();
  return bottles.every(({ conditions }) =>
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
}
