import { expect, onTestFinished, test } from 'vitest';
import type { SimulatedCall } from '../../src/backends/simulated/faults.ts';
import {
  agentFile,
  FLEET_FILES,
  type FleetWorld,
  fleetWorld,
  granted,
} from '../builders/controller.ts';

const NO_PROGRESS = () => undefined;
const AGENT = 'bb-home-dev';
const FILES = { ...FLEET_FILES, 'desired-state/fleet.yaml': 'name: home\n' };
const NEW_ENV = { 'desired-state/bottles/base.yaml': 'env:\n  PAGER: less\n' };

/** A fleet in force whose policy is the default one; `asked` names each bottle that is asked whether it is busy. */
async function running(files: { readonly [path: string]: string } = FILES) {
  const fleet = await fleetWorld(files);
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const asked: string[] = [];
  fleet.faults = {
    before: (call: SimulatedCall, ref) => {
      if (call === 'isBusy') asked.push(ref?.bottle ?? '');
    },
  };
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  return { fleet, asked, ...controller };
}

function setBusy(fleet: FleetWorld, busy: boolean): void {
  const agent = fleet.engine.container(AGENT);
  if (agent === undefined) throw new Error(`there is no ${AGENT}`);
  fleet.engine.put({ ...agent, busy });
}

const agentId = (fleet: FleetWorld) => fleet.engine.container(AGENT)?.id;

test('an agent that somebody works with is not replaced until they left', async () => {
  const { fleet, api } = await running();
  setBusy(fleet, true);
  const before = agentId(fleet);
  await fleet.repository.commit(NEW_ENV);
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(agentId(fleet)).toBe(before);
  const status = granted(await api.status());
  const [dev, qa] = status.bottles;
  expect(dev?.pending).toEqual({
    impact: 'replace-agent',
    waitsFor:
      'variable PAGER changed, which replaces the agent; waits until nobody works in it (an attached session or program), or for `bb apply dev`',
  });
  expect(qa?.pending).toBeNull();
  setBusy(fleet, false);
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(agentId(fleet)).not.toBe(before);
  expect(granted(await api.plan({})).plan.actions).toEqual([]);
});

test('the end of a session makes the controller apply what waited for it', async () => {
  const { fleet, watch } = await running();
  setBusy(fleet, true);
  const before = agentId(fleet);
  const stop = new AbortController();
  const watching = watch(stop.signal);
  await fleet.repository.commit(NEW_ENV);
  await expect.poll(() => fleet.engine.container('bb-home-qa')?.spec.env['PAGER']).toBe('less');
  expect(agentId(fleet)).toBe(before);
  setBusy(fleet, false);
  await expect.poll(() => fleet.engine.container(AGENT)?.spec.env['PAGER']).toBe('less');
  expect(agentId(fleet)).not.toBe(before);
  stop.abort();
  await watching;
});

test('bb apply interrupts whoever works there, and nobody is asked', async () => {
  const { fleet, api, asked } = await running();
  setBusy(fleet, true);
  const before = agentId(fleet);
  await fleet.repository.commit(NEW_ENV);
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(agentId(fleet)).toBe(before);
  asked.length = 0;
  granted(await api.reconcile({ applyNow: ['dev'] }, NO_PROGRESS));
  expect(agentId(fleet)).not.toBe(before);
  expect(asked).toEqual([]);
});

test('only bottles that a plan would interrupt are asked', async () => {
  const { fleet, api, asked } = await running();
  granted(await api.reconcile({}, NO_PROGRESS));
  granted(await api.plan({}));
  await fleet.repository.commit({ 'desired-state/agents/dev.yaml': agentFile('dev', 'more') });
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(asked).toEqual([]);
  await fleet.repository.commit({
    'desired-state/bottles/extra.yaml': 'env:\n  EXTRA: one\n',
    'desired-state/agents/qa.yaml': agentFile('qa').replace('[base]', '[base, extra]'),
  });
  granted(await api.plan({}));
  expect(asked).toEqual(['qa']);
});

test('an engine that cannot tell who works there keeps the agent', async () => {
  const { fleet, api } = await running();
  const before = agentId(fleet);
  fleet.faults = {
    before: (call) => {
      if (call === 'isBusy') throw new Error('no answer');
    },
  };
  await fleet.repository.commit(NEW_ENV);
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(agentId(fleet)).toBe(before);
  fleet.faults = {};
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(agentId(fleet)).not.toBe(before);
});
