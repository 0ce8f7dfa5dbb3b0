import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { BackendError } from '../../src/backends/backend.ts';
import {
  agentFile,
  FLEET_FILES,
  type FleetWorld,
  fleetWorld,
  granted,
} from '../builders/controller.ts';
import { bottleName } from '../builders/observed.ts';
import { eventually } from '../eventually.ts';

const NO_PROGRESS = () => undefined;
const PASS = { permissions: { allowMassDelete: false, applyNow: [] } };

async function world(files?: { readonly [path: string]: string }) {
  const made = await fleetWorld(files);
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

/** Fails a call of one bottle, `times` times. */
function fail(
  fleet: FleetWorld,
  bottle: string,
  options: {
    readonly call: string;
    readonly kind: 'transient' | 'terminal';
    readonly times: number;
  },
) {
  let left = options.times;
  fleet.faults = {
    before(call, ref) {
      if (call !== options.call || ref?.bottle !== bottle || ref.component !== 'agent') return;
      if (left === 0) return;
      left -= 1;
      throw new BackendError({ code: 'failed', kind: options.kind, message: 'it is broken' });
    },
  };
}

async function dev(fleet: Awaited<ReturnType<FleetWorld['open']>>) {
  const { bottles } = granted(await fleet.api.status());
  return bottles.find(({ name }) => name === 'dev');
}

const EDITED_DEV = `${agentFile('dev')}prompt: {text: another}\n`;

test('a transient failure is tried again with growing delays, and others do not wait', async () => {
  const fleet = await world();
  fail(fleet, 'dev', { call: 'start', kind: 'transient', times: 3 });
  const controller = await fleet.open();
  const { reconciler } = controller;
  const delays: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    await reconciler.pass(PASS);
    await reconciler.settled();
    const retryAtMs = reconciler.nextRetryMs() ?? 0;
    delays.push(retryAtMs - fleet.clock.elapsedMs());
    const early = await reconciler.pass(PASS);
    expect(early).toMatchObject({ kind: 'passed', started: [] });
    expect((await dev(controller))?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'Reconciling',
        reason: 'Retrying',
        message: expect.stringMatching(/^failed (once|[23] times), tried again in \d+ s: ./),
      }),
    );
    await fleet.clock.advance(retryAtMs - fleet.clock.elapsedMs());
  }
  expect(delays).toEqual([750, 1_500, 3_000]);
  expect(fleet.engine.container('bb-home-qa')?.state).toBe('running');
  await reconciler.pass(PASS);
  await reconciler.settled();
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('running');
  expect(reconciler.nextRetryMs()).toBeNull();
});

test('one command waits for its retries by itself', async () => {
  const fleet = await world();
  fail(fleet, 'dev', { call: 'start', kind: 'transient', times: 3 });
  const { api } = await fleet.open();
  const report = await fleet.elapse(api.reconcile({}, NO_PROGRESS));
  expect(granted(report)).toMatchObject({ converged: true, failures: [] });
});

test('a terminal failure stalls until the spec changes or a person asks', async () => {
  const fleet = await world();
  fail(fleet, 'dev', { call: 'createContainer', kind: 'terminal', times: 1 });
  const controller = await fleet.open();
  const report = granted(await controller.api.reconcile({}, NO_PROGRESS));
  expect(report).toMatchObject({ converged: false, failures: [{ bottle: 'dev' }] });
  expect((await dev(controller))?.conditions.map(({ type, reason }) => [type, reason])).toEqual([
    ['Ready', 'ApplyFailed'],
    ['Stalled', 'TerminalFailure'],
  ]);
  await fleet.clock.advance(3_600_000);
  expect(await controller.reconciler.pass(PASS)).toMatchObject({ started: [] });
  expect(controller.reconciler.nextRetryMs()).toBeNull();
  expect(granted(await controller.api.reconcile({}, NO_PROGRESS)).converged).toBe(true);

  fail(fleet, 'dev', { call: 'copyIn', kind: 'terminal', times: 1 });
  await fleet.repository.commit({ 'desired-state/agents/dev.yaml': EDITED_DEV });
  await controller.reconciler.pass(PASS);
  await controller.reconciler.settled();
  expect((await dev(controller))?.generation).toBe(2);
  expect(await controller.reconciler.pass(PASS)).toMatchObject({ started: [] });
  await fleet.repository.commit({ 'desired-state/agents/dev.yaml': agentFile('dev') });
  expect(await controller.reconciler.pass(PASS)).toMatchObject({ started: ['dev'] });
  await controller.reconciler.settled();
  await controller.reconciler.pass(PASS);
  expect(await dev(controller)).toMatchObject({ generation: 3, observedGeneration: 3 });
});

test('a failed bottle that is suspended is not waited for', async () => {
  const fleet = await world();
  fail(fleet, 'dev', { call: 'start', kind: 'transient', times: 1 });
  const { reconciler } = await fleet.open();
  await reconciler.pass(PASS);
  await reconciler.settled();
  expect(reconciler.nextRetryMs()).not.toBeNull();
  await fleet.repository.commit({
    'desired-state/agents/dev.yaml': agentFile('dev').replace(
      'name: dev}',
      'name: dev, suspend: true}',
    ),
  });
  await reconciler.pass(PASS);
  expect(reconciler.nextRetryMs()).toBeNull();
});

test('what one bottle takes long for delays no other', async () => {
  const fleet = await world();
  const controller = await fleet.open();
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  const built = Promise.withResolvers<void>();
  fleet.faults = {
    before: (call, ref) => (call === 'copyIn' && ref?.bottle === 'dev' ? built.promise : undefined),
  };
  await fleet.repository.commit({ 'desired-state/agents/dev.yaml': EDITED_DEV });
  await controller.reconciler.pass(PASS);
  await fleet.repository.commit({
    'desired-state/routes/qa.yaml': 'routes:\n  - host: api.example.test\n',
  });
  await controller.reconciler.pass(PASS);
  await controller.reconciler.settled(bottleName('qa'));
  expect(fleet.sidecars.get('qa')).toContain('api.example.test');
  expect(controller.reconciler.snapshot().inFlight).toEqual(new Set(['dev']));
  expect(controller.reconciler.nextRetryMs()).toBeNull();
  built.resolve();
  await eventually('dev to end', async () => {
    await controller.reconciler.settled();
    return true;
  });
  granted(await controller.api.reconcile({}, NO_PROGRESS));
  expect((await dev(controller))?.lastAppliedRevision).toBe(await fleet.repository.head());
});

test('a state directory that was lost is filled again, and no bottle is touched', async () => {
  const fleet = await world();
  const first = await fleet.open();
  granted(await first.api.reconcile({}, NO_PROGRESS));
  const before = fleet.engine.snapshot();
  const applied = granted(await first.api.status()).lastAppliedRevision;
  expect(applied).toBe(await fleet.repository.head());
  await rm(fleet.stateDirectory, { recursive: true });
  const next = await fleet.open();
  expect(granted(await next.api.status()).lastAppliedRevision).toBeNull();
  granted(await next.api.reconcile({}, NO_PROGRESS));
  expect(fleet.engine.snapshot()).toEqual(before);
  const third = await fleet.open();
  expect(granted(await third.api.status()).lastAppliedRevision).toBe(applied);
  expect(await third.journal.inventory()).toEqual(['dev', 'qa']);
});

test('events and the note tell once what was done, and how it ended', async () => {
  const fleet = await world({ ...FLEET_FILES, 'desired-state/agents/qa.yaml': agentFile() });
  fail(fleet, 'dev', { call: 'start', kind: 'transient', times: 1 });
  const { api } = await fleet.open();
  granted(await fleet.elapse(api.reconcile({}, NO_PROGRESS)));
  granted(await api.reconcile({}, NO_PROGRESS));
  granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
  const events = granted(await api.events({ limit: 10 }));
  expect(events.map(({ reason, severity }) => `${reason} ${severity}`)).toEqual([
    'Applied info',
    'ApplyFailed error',
  ]);
  const note = await fleet.repository.git('notes', '--ref=bb', 'show', 'HEAD');
  expect(note.split('\n')).toHaveLength(1);
  expect(JSON.parse(note).applied).toEqual([
    { bottle: 'dev', actions: 12, result: 'failed: it is broken' },
    { bottle: 'dev', actions: expect.any(Number), result: 'done' },
  ]);
});

test('a condition keeps the time of its last transition while only its words change', async () => {
  const fleet = await world();
  fail(fleet, 'dev', { call: 'start', kind: 'transient', times: 2 });
  const controller = await fleet.open();
  const readyOf = async () =>
    (await dev(controller))?.conditions.find(({ type }) => type === 'Ready');
  await controller.reconciler.pass(PASS);
  await controller.reconciler.settled();
  const failed = await readyOf();
  await fleet.clock.advance(60_000);
  await controller.reconciler.pass(PASS);
  await controller.reconciler.settled();
  expect((await readyOf())?.lastTransition).toBe(failed?.lastTransition);
  await fleet.clock.advance(60_000);
  await controller.reconciler.pass(PASS);
  await controller.reconciler.settled();
  const ready = await readyOf();
  expect(ready).toMatchObject({ status: 'True' });
  expect(ready?.lastTransition).toBe(new Date(fleet.clock.nowMs()).toISOString());
});
