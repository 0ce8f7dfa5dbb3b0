import { expect, onTestFinished, test } from 'vitest';
import { BackendError } from '../../src/backends/backend.ts';
import type { ControllerApi } from '../../src/controller/api.ts';
import { fleetWorld, granted, refusalOf } from '../builders/controller.ts';

const NO_PROGRESS = () => undefined;
const PASS = { permissions: { allowMassDelete: false, applyNow: [] } };

async function worldWithBrokenProbe() {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  fleet.faults = {
    before(call, ref) {
      if (call !== 'exec' || ref?.bottle !== 'dev') return;
      throw new BackendError({ code: 'timeout', kind: 'terminal', message: 'the probe hangs' });
    },
  };
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  return { fleet, api };
}

async function readiness(api: ControllerApi) {
  const bottle = granted(await api.status()).bottles.find(({ name }) => name === 'dev');
  return bottle?.conditions.find(({ type }) => type === 'Ready');
}

test('an agent whose isolation could not even be probed is stopped', async () => {
  const { fleet } = await worldWithBrokenProbe();
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('exited');
  expect(fleet.engine.container('bb-home-qa')?.state).toBe('running');
});

test('an agent that runs is not ready before it is proven', async () => {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  fleet.faults = {
    before(call, ref) {
      if (call !== 'exec' || ref?.bottle !== 'dev') return;
      asked.resolve();
      return answered.promise;
    },
  };
  const { api, reconciler } = await fleet.open();
  await reconciler.pass(PASS);
  await asked.promise;
  await reconciler.pass(PASS);
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('running');
  expect(await readiness(api)).toMatchObject({ status: 'False', reason: 'Reconciling' });
  answered.resolve();
  await reconciler.settled();
  await reconciler.pass(PASS);
  expect(await readiness(api)).toMatchObject({ status: 'True', reason: 'InForce' });
});

test('nothing is run in an agent that is not proven', async () => {
  const { fleet, api } = await worldWithBrokenProbe();
  fleet.faults = {};
  const stopped = fleet.engine.container('bb-home-dev');
  if (stopped === undefined) throw new Error('dev is not there');
  fleet.engine.put({ ...stopped, state: 'running' });
  expect(refusalOf(await api.attachCommand('dev', [])).message).toContain('not proven');
  expect(refusalOf(await api.execCommand('dev', ['id'])).message).toContain('not proven');
  expect(granted(await api.execCommand('qa', ['id']))).toEqual(['id']);

  granted(await api.reconcile({}, NO_PROGRESS));
  expect(granted(await api.execCommand('dev', ['id']))).toEqual(['id']);
});

test('what an early look does not prove is looked at again when the sidecars are in force', async () => {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  let looks = 0;
  fleet.faults = {
    before(call, ref) {
      if (call !== 'exec' || ref?.bottle !== 'dev') return;
      looks += 1;
      if (looks > 1) return;
      throw new BackendError({ code: 'failed', kind: 'terminal', message: 'it was too early' });
    },
  };
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(looks).toBe(2);
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('running');
  expect(await readiness(api)).toMatchObject({ status: 'True', reason: 'InForce' });
});
