import { lstat, readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { SimulatedContainer } from '../../src/backends/simulated/simulated-object.ts';
import type { ControllerApi } from '../../src/controller/api.ts';
import { bottleLayout } from '../../src/model/state-layout.ts';
import {
  agentFile,
  FLEET_FILES,
  type FleetWorld,
  fleetWorld,
  granted,
} from '../builders/controller.ts';
import { bottleName } from '../builders/observed.ts';

const NO_PROGRESS = () => undefined;
const DEV = bottleName('dev');
/** A loaded machine is slow, not wrong. */
const PATIENCE = { timeout: 10_000 };
const IMAGE = 'bb/preserved:home-dev';
const WITHOUT_DEV = { 'desired-state/agents/dev.yaml': agentFile() };

async function running({ freeze = true } = {}) {
  const fleet = await fleetWorld();
  fleet.freeze = freeze;
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  return { fleet, layout: bottleLayout(fleet.stateDirectory, DEV), ...controller };
}

function end(fleet: FleetWorld, exitCode: number): SimulatedContainer {
  const agent = fleet.engine.container('bb-home-dev');
  if (agent === undefined) throw new Error('there is no agent');
  fleet.engine.put({ ...agent, state: 'exited', exitCode });
  return agent;
}

const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );

async function eventsNamed(api: ControllerApi, reason: string): Promise<readonly string[]> {
  const events = granted(await api.events({ limit: 100 }));
  return events.filter((event) => event.reason === reason).map(({ message }) => message);
}

test('an agent that crashed is restarted, and kept when its instance leaves the commit', async () => {
  const { fleet, api, layout } = await running();
  const { id } = end(fleet, 1);
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(fleet.engine.container('bb-home-dev')).toMatchObject({ id, state: 'running' });
  expect(JSON.parse(await readFile(layout.preservedMark, 'utf8'))).toMatchObject({
    ...{ exitCode: 1, reason: 'exit code 1' },
  });
  expect(await eventsNamed(api, 'AgentCrashed')).toEqual([
    'the agent ended by itself: exit code 1; see bb logs dev agent. It is started again, and its files are kept when the instance is removed',
  ]);
  await fleet.repository.commit(WITHOUT_DEV);
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(fleet.engine.container('bb-home-dev')).toBeUndefined();
  expect(fleet.engine.network('bb-home-dev-int')).toBeUndefined();
  expect(fleet.engine.hasImage(IMAGE)).toBe(true);
  expect(await exists(layout.root)).toBe(false);
  expect(JSON.parse(await readFile(`${layout.preserved}/metadata.json`, 'utf8'))).toMatchObject({
    ...{ slug: 'dev', agent: 'dev' },
  });
  expect((await eventsNamed(api, 'BottlePreserved'))[0]).toContain(`"image: {ref: ${IMAGE}}"`);
  expect(granted(await api.leftovers())).toEqual([]);
  expect(granted(await api.status()).bottles.map(({ name }) => name)).toEqual(['qa']);
});

test('an agent that lies there crashed when its instance leaves is kept as well', async () => {
  const { fleet, api, layout } = await running();
  end(fleet, 137);
  await fleet.repository.commit(WITHOUT_DEV);
  expect(granted(await api.leftovers())).toEqual([]);
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(fleet.engine.hasImage(IMAGE)).toBe(true);
  expect(await exists(`${layout.preserved}/preserved.json`)).toBe(true);
  expect(await eventsNamed(api, 'AgentCrashed')).toEqual([
    'the agent ended by itself: killed (exit code 137), by hand or for want of memory; its instance was removed, so its files are kept',
  ]);
});

test('an agent that crashed leaves a backend that saves nothing as well, and what is lost is told', async () => {
  const { fleet, api, layout } = await running({ freeze: false });
  end(fleet, 1);
  granted(await api.reconcile({}, NO_PROGRESS));
  await fleet.repository.commit(WITHOUT_DEV);
  expect(granted(await api.reconcile({}, NO_PROGRESS)).converged).toBe(true);
  expect(fleet.engine.container('bb-home-dev')).toBeUndefined();
  expect(fleet.engine.hasImage(IMAGE)).toBe(false);
  expect(await exists(`${layout.preserved}/metadata.json`)).toBe(true);
  expect(await eventsNamed(api, 'BottlePreserved')).toEqual([
    `its agent had crashed, so it was kept: its files are LOST, for simulated cannot save a bottle as an image; its state is in ${layout.preserved}`,
  ]);
});

test.each([0, 143])('an agent that ended with %i leaves nothing behind', async (exitCode) => {
  const { fleet, api, layout } = await running();
  end(fleet, exitCode);
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('running');
  expect(await exists(layout.preservedMark)).toBe(false);
  expect(await eventsNamed(api, 'AgentCrashed')).toEqual([]);
  await fleet.repository.commit(WITHOUT_DEV);
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(fleet.engine.hasImage(IMAGE)).toBe(false);
  expect(await exists(layout.root)).toBe(false);
  expect(await exists(layout.preserved)).toBe(false);
});

test('the mark of a former agent does not keep what its successor leaves', async () => {
  const { fleet, api, layout } = await running();
  end(fleet, 1);
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(await exists(layout.preservedMark)).toBe(true);
  await fleet.repository.commit({
    'desired-state/bottles/base.yaml': 'env:\n  PAGER: less\n',
  });
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(await exists(layout.preservedMark)).toBe(false);
  await fleet.repository.commit(WITHOUT_DEV);
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(fleet.engine.hasImage(IMAGE)).toBe(false);
  expect(await exists(layout.preserved)).toBe(false);
});

test('a save that fails keeps everything, with words, and is tried again', async () => {
  const { fleet, api, layout } = await running();
  end(fleet, 1);
  granted(await api.reconcile({}, NO_PROGRESS));
  fleet.faults = {
    before: (call) => {
      if (call === 'snapshot') throw new Error('no space is left');
    },
  };
  await fleet.repository.commit(WITHOUT_DEV);
  const report = granted(await api.reconcile({ timeoutMs: 0 }, NO_PROGRESS));
  await expect.poll(() => eventsNamed(api, 'ApplyFailed'), PATIENCE).toHaveLength(1);
  expect(report.converged).toBe(false);
  expect((await eventsNamed(api, 'ApplyFailed'))[0]).toBe(
    `its agent could not be saved as ${IMAGE}, so nothing of it is removed: no space is left`,
  );
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('exited');
  expect(fleet.engine.container('bb-home-dev-sidecars')).toBeDefined();
  expect(await exists(layout.preservedMark)).toBe(true);
  expect(granted(await api.leftovers())).toEqual([]);
  const dev = granted(await api.status()).bottles.find(({ name }) => name === DEV);
  expect(dev).toMatchObject({ agent: 'dev', backend: 'simulated' });
  fleet.faults = {};
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(fleet.engine.hasImage(IMAGE)).toBe(true);
  expect(fleet.engine.container('bb-home-dev')).toBeUndefined();
});

test('an agent that dies soon after each start is restarted ever more rarely, and is stalled with its reason', async () => {
  const { fleet, api, watch } = await running();
  const startsAtMs: number[] = [];
  const fifth = Promise.withResolvers<void>();
  fleet.faults = {
    after: (call, ref) => {
      if (ref?.component !== 'agent' || ref.bottle !== DEV) return;
      if (call === 'start') startsAtMs.push(fleet.clock.nowMs());
      if (startsAtMs.length === 5) fifth.resolve();
      // The proof of its isolation is the last thing that a turn does: the turn succeeds each time.
      if (call === 'exec') end(fleet, 1);
    },
  };
  const stop = new AbortController();
  const watching = watch(stop.signal);
  end(fleet, 1);
  await expect.poll(() => startsAtMs.length, PATIENCE).toBe(1);
  await expect
    .poll(async () => granted(await api.status()).bottles[0]?.conditions, PATIENCE)
    .toContainEqual(
      expect.objectContaining({
        ...{ type: 'Ready', status: 'False' },
        message:
          'the agent container ended with 1 soon after it was started again (once); see bb logs dev agent',
      }),
    );
  await fleet.elapse(fifth.promise);
  // Since the first, for which the clock stood still: it runs on while a turn is under way.
  const sinceMs = startsAtMs.map((atMs) => atMs - (startsAtMs[0] ?? 0));
  for (const [index, ms] of sinceMs.entries()) {
    expect(ms).toBeGreaterThanOrEqual(750 * (2 ** index - 1));
  }
  await expect
    .poll(async () => granted(await api.status()).bottles[0]?.conditions, PATIENCE)
    .toContainEqual(
      expect.objectContaining({
        ...{ type: 'Stalled', reason: 'KeepsEnding' },
        message: expect.stringMatching(
          /^the agent container ended with 1 soon after it was started again \(5 times\).*tried again in \d+ s$/,
        ),
      }),
    );
  fleet.faults = {};
  await fleet.clock.advance(20_000);
  await expect
    .poll(async () => granted(await api.status()).bottles[0]?.conditions, PATIENCE)
    .toMatchObject([{ type: 'Ready', status: 'True' }]);
  stop.abort();
  await watching;
});

test('what is known of a bottle is written before its first action and follows the commit', async () => {
  const fleet = await fleetWorld({
    ...FLEET_FILES,
    'desired-state/agents/dev.yaml': agentFile('dev').replace('name: dev', 'name: dev, label: One'),
  });
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const { metadata } = bottleLayout(fleet.stateDirectory, DEV);
  const written = async () => JSON.parse(await readFile(metadata, 'utf8'));
  let first: unknown = null;
  fleet.faults = {
    before: async (call, ref) => {
      if (call !== 'observe' && ref?.bottle === DEV) first ??= await written();
    },
  };
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(first).toMatchObject({
    ...{ slug: 'dev', agent: 'dev', provider: 'custom', backend: 'simulated' },
    ...{ bottles: ['base'], workspace: null, label: 'One', color: null, image: 'bb/agent:one' },
    ...{ createdAt: expect.any(String), started: expect.any(String) },
  });
  await fleet.repository.commit({
    'desired-state/agents/dev.yaml': agentFile('dev').replace('name: dev', 'name: dev, label: Two'),
  });
  expect(granted(await api.reconcile({}, NO_PROGRESS)).actions).toBe(0);
  expect(await written()).toEqual({ ...(first as object), label: 'Two' });
  await fleet.repository.commit({
    ...WITHOUT_DEV,
    'desired-state/fleet.yaml': 'name: home\nsuspend: true\n',
  });
  const left = granted(await (await fleet.open()).api.status()).bottles[0];
  expect(left).toMatchObject({ name: 'dev', agent: 'dev', label: 'Two', backend: 'simulated' });
});
