import { expect, onTestFinished, test } from 'vitest';
import { agentFile, FLEET_FILES, fleetWorld, granted, refusalOf } from '../builders/controller.ts';

const NO_PROGRESS = () => undefined;

async function world(files?: { readonly [path: string]: string }) {
  const made = await fleetWorld(files);
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

test('a commit becomes bottles, and the plan of the applied plan is empty', async () => {
  const fleet = await world();
  const { api } = await fleet.open();
  const report = granted(await api.reconcile({}, NO_PROGRESS));
  expect(report).toMatchObject({ converged: true, failures: [] });
  expect(report.actions).toBeGreaterThan(10);
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('running');
  expect(fleet.engine.container('bb-home-qa-sidecars')?.state).toBe('running');
  expect(granted(await api.plan({})).plan.actions).toEqual([]);
  const next = await fleet.open();
  expect(granted(await next.api.plan({})).plan.actions).toEqual([]);
});

test('1,000 passes over an unchanged fleet change nothing', { timeout: 60_000 }, async () => {
  const fleet = await world();
  const first = await fleet.open();
  granted(await first.api.reconcile({}, NO_PROGRESS));
  const head = await fleet.repository.head();
  const notes = await fleet.repository.git('rev-parse', 'refs/notes/bb');
  const { reconciler, life } = await fleet.open();
  await reconciler.pass({ permissions: { allowMassDelete: false, applyNow: [] } });
  life.calls.length = 0;
  for (let pass = 0; pass < 1_000; pass += 1) {
    const report = await reconciler.pass({ permissions: { allowMassDelete: false, applyNow: [] } });
    if (report.kind !== 'passed' || report.started.length > 0) throw new Error('it did something');
  }
  expect(life.calls).toEqual([]);
  expect(await fleet.repository.head()).toBe(head);
  expect(await fleet.repository.git('rev-parse', 'refs/notes/bb')).toBe(notes);
});

test('an invalid commit keeps the last good one in force until a valid one comes', async () => {
  const fleet = await world();
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  const good = await fleet.repository.head();
  await fleet.repository.commit({ 'desired-state/agents/dev.yaml': 'provider: [\n' });
  fleet.engine.put({ ...present(fleet.engine.container('bb-home-dev')), state: 'exited' });
  expect(await api.reconcile({}, NO_PROGRESS)).toMatchObject({
    ok: false,
    refusal: { kind: 'invalid' },
  });
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('running');
  expect(granted(await api.plan({})).revision).toBe(good);
  const status = granted(await api.status());
  expect(status.conditions).toContainEqual(
    expect.objectContaining({
      type: 'SourceReady',
      status: 'False',
      reason: 'InvalidDesiredState',
    }),
  );
  expect(status.diagnostics).not.toEqual([]);
  expect(granted(await (await fleet.open()).api.status()).bottles).toHaveLength(2);

  const mended = await fleet.repository.commit({
    'desired-state/agents/dev.yaml': agentFile('dev', 'more'),
  });
  expect(granted(await api.reconcile({}, NO_PROGRESS))).toMatchObject({ revision: mended });
  expect(fleet.engine.container('bb-home-more')?.state).toBe('running');
  expect(granted(await api.status()).conditions).toContainEqual(
    expect.objectContaining({ type: 'SourceReady', status: 'True' }),
  );
});

test('a revision given by name is what a pass goes to, an unknown one is refused', async () => {
  const fleet = await world();
  const { api } = await fleet.open();
  const before = await fleet.repository.head();
  await fleet.repository.commit({ 'desired-state/agents/dev.yaml': agentFile('dev', 'more') });
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(granted(await api.plan({ revision: 'HEAD~1' })).revision).toBe(before);
  expect(granted(await api.status()).bottles.map(({ name }) => name)).toEqual([
    'dev',
    'more',
    'qa',
  ]);
  granted(await api.reconcile({ revision: 'HEAD~1' }, NO_PROGRESS));
  expect(fleet.engine.container('bb-home-more')).toBeUndefined();
  expect(refusalOf(await api.reconcile({ revision: 'nowhere' }, NO_PROGRESS)).kind).toBe(
    'not-found',
  );
});

test('a mass deletion needs its permission and is told until then', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const fleet = await world({
    ...FLEET_FILES,
    'desired-state/agents/dev.yaml': agentFile(...names),
  });
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  await fleet.repository.commit({ 'desired-state/agents/dev.yaml': agentFile('new') });
  expect(refusalOf(await api.reconcile({}, NO_PROGRESS)).kind).toBe('mass-deletion');
  expect(fleet.engine.container('bb-home-a')?.state).toBe('running');
  expect(fleet.engine.container('bb-home-new')).toBeUndefined();
  expect(granted(await api.status()).conditions).toContainEqual(
    expect.objectContaining({ type: 'Stalled', reason: 'MassDeletion' }),
  );
  granted(await api.reconcile({ allowMassDelete: true }, NO_PROGRESS));
  expect(fleet.engine.container('bb-home-a')).toBeUndefined();
  expect(fleet.engine.container('bb-home-new')?.state).toBe('running');
});

test('suspended bottles are left as they are, one or all, until they are resumed', async () => {
  const fleet = await world();
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  const edit = { kind: 'suspend-instance', bottle: 'dev', suspend: true } as const;
  granted(await api.edit(edit, 'olga', NO_PROGRESS));
  const kill = () =>
    fleet.engine.put({ ...present(fleet.engine.container('bb-home-dev')), state: 'exited' });
  kill();
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('exited');
  granted(await api.edit({ ...edit, suspend: false }, 'olga', NO_PROGRESS));
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('running');

  granted(await api.edit({ kind: 'suspend-fleet', suspend: true }, 'olga', NO_PROGRESS));
  kill();
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('exited');
  const { conditions } = granted(await api.status());
  expect(conditions).toContainEqual(expect.objectContaining({ type: 'Suspended', status: 'True' }));
  granted(await api.edit({ kind: 'suspend-fleet', suspend: false }, 'olga', NO_PROGRESS));
  expect(fleet.engine.container('bb-home-dev')?.state).toBe('running');
});

test('an instance that is added comes up, one that is stopped goes with its files', async () => {
  const fleet = await world();
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  const add = { kind: 'add-instance', agent: 'dev', bottle: null, label: 'Two' } as const;
  granted(await api.edit(add, 'olga', NO_PROGRESS));
  const { bottles } = granted(await api.status());
  expect(bottles.find(({ label }) => label === 'Two')?.name).toMatch(/^dev-[0-9a-z]{5}$/);
  expect(await fleet.repository.git('log', '-1', '--format=%(trailers)')).toContain(
    'Bb-Operator: olga',
  );
  granted(await api.edit({ kind: 'remove-instance', bottle: 'dev' }, 'olga', NO_PROGRESS));
  expect([...fleet.engine.objects()].map(({ name }) => name)).not.toContain('bb-home-dev');
  expect([...fleet.sidecars.keys()]).not.toContain('dev');
  const refusal = refusalOf(
    await api.edit({ kind: 'remove-instance', bottle: 'dve' }, 'olga', NO_PROGRESS),
  );
  expect(refusal).toMatchObject({ kind: 'not-found' });
});

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('it is not there');
  return value;
}
