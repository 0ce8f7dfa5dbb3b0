import { expect, onTestFinished, test } from 'vitest';
import { BackendError } from '../../src/backends/backend.ts';
import { fleetWorld, granted, refusalOf } from '../builders/controller.ts';

const NO_PROGRESS = () => undefined;

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

test('an agent whose isolation could not even be probed is stopped', async () => {
  const { fleet } = await worldWithBrokenProbe();
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('exited');
  expect(fleet.engine.container('bb-home-qa')?.state).toBe('running');
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
