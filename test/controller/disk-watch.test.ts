import { expect, onTestFinished, test } from 'vitest';
import { BackendError } from '../../src/backends/backend.ts';
import { FLEET_FILES, type FleetWorld, fleetWorld, granted } from '../builders/controller.ts';

const MIB = 1024 * 1024;
const BASE = 'desired-state/bottles/base.yaml';

async function running(): Promise<FleetWorld> {
  const files = { ...FLEET_FILES, [BASE]: 'resources: {disk: 64MiB}\n' };
  const world = await fleetWorld(files);
  onTestFinished(() => world[Symbol.asyncDispose]());
  world.watchesDisk = true;
  return world;
}

/** The agent of `dev` writes this much, or takes it away again. */
function writes(world: FleetWorld, mib: number): void {
  const content = new Uint8Array(mib * MIB);
  const file = { path: 'ballast', content, mode: 0o644, uid: 1000, gid: 1000 };
  const inside = world.engine.files.get('bb-home-dev') ?? new Map();
  world.engine.files.set('bb-home-dev', inside.set('/home/agent/ballast', file));
}

test('an agent that fills the disk is stopped by the loop, said so, and comes back with room', async () => {
  const world = await running();
  const { api, watch, journal } = await world.open();
  const stop = new AbortController();
  const watched = watch(stop.signal);
  const states = () =>
    ['dev', 'qa'].map((name) => world.engine.container(`bb-home-${name}`)?.state);
  const becomes = (...wanted: readonly string[]) =>
    expect
      .poll(
        async () => {
          await world.clock.advance(1_000);
          return states();
        },
        { timeout: 20_000, interval: 15 },
      )
      .toEqual(wanted);
  await becomes('running', 'running');
  writes(world, 100);
  await becomes('exited', 'running');
  const stalled = async () => {
    const dev = granted(await api.status()).bottles.find(({ name }) => name === 'dev');
    expect(dev?.conditions.some(({ type }) => type === 'Drifted')).toBe(false);
    return dev?.conditions.find(({ type }) => type === 'Stalled');
  };
  // What it stops is at work until its turn has ended.
  await expect.poll(stalled).toMatchObject({
    reason: 'Blocked',
    message: expect.stringContaining('its files take 100 MiB of 64 MiB, so its agent is stopped'),
  });
  expect(await journal.events(50)).toContainEqual(
    expect.objectContaining({ bottle: 'dev', reason: 'DiskLimitReached' }),
  );
  writes(world, 10);
  await becomes('running', 'running');
  stop.abort();
  await watched;
});

test('a limit that is raised in a commit starts it again and replaces nothing', async () => {
  const world = await running();
  const { api, watch } = await world.open();
  const stop = new AbortController();
  const watched = watch(stop.signal);
  const stateOf = async () => {
    await world.clock.advance(1_000);
    return world.engine.container('bb-home-dev')?.state;
  };
  const options = { timeout: 20_000, interval: 15 };
  await expect.poll(stateOf, options).toBe('running');
  const { id } = world.engine.container('bb-home-dev') ?? {};
  writes(world, 100);
  await expect.poll(stateOf, options).toBe('exited');
  await world.repository.commit({ [BASE]: 'resources: {disk: 1GiB}\n' });
  await expect.poll(stateOf, options).toBe('running');
  expect(world.engine.container('bb-home-dev')?.id).toBe(id);
  expect(granted(await api.plan({})).plan.bottles[0]?.verdict).toBe('unchanged');
  stop.abort();
  await watched;
});

test('what cannot be measured is told once, and what was known of it stays', async () => {
  const world = await running();
  world.faults = {
    before(call) {
      if (call !== 'diskUse' || !isBroken) return;
      throw new BackendError({ code: 'failed', kind: 'transient', message: 'no find here' });
    },
  };
  let isBroken = false;
  const { watch, journal } = await world.open();
  const stop = new AbortController();
  const watched = watch(stop.signal);
  const options = { timeout: 20_000, interval: 15 };
  const stateOf = async () => {
    await world.clock.advance(1_000);
    return world.engine.container('bb-home-dev')?.state;
  };
  await expect.poll(stateOf, options).toBe('running');
  writes(world, 100);
  await expect.poll(stateOf, options).toBe('exited');
  isBroken = true;
  const told = async () => {
    await world.clock.advance(20_000);
    return (await journal.events(50)).filter(({ reason }) => reason === 'DiskNotMeasured');
  };
  await expect.poll(told, options).toHaveLength(1);
  expect(await told()).toEqual([
    expect.objectContaining({ message: expect.stringContaining('no find here') }),
  ]);
  expect(await stateOf()).toBe('exited');
  stop.abort();
  await watched;
});
