import { describe, expect, onTestFinished, test } from 'vitest';
import { openGit } from '../../src/controller/adapters/git.ts';
import { bottlesAt } from '../../src/controller/audit/bottles-at.ts';
import type { BottleName } from '../../src/model/names.ts';
import {
  agentFile,
  FLEET_FILES,
  type FleetWorld,
  fleetWorld,
  granted,
  refusalOf,
} from '../builders/controller.ts';
import { hostPolicy } from '../builders/desired.ts';
import { bottleName } from '../builders/observed.ts';

const NO_PROGRESS = () => undefined;
const D = 'desired-state';
const BROKEN = 'routes:\n  - {hst: broken.test}\n';
const list = (host: string) => `hosts: [${host}]\n`;

/** A fleet of `dev` and `qa`, in force, whose host says `isolate` unless told otherwise. */
async function fleetOf(onInvalid: 'reject' | 'isolate' = 'isolate') {
  const fleet = await fleetWorld(FLEET_FILES);
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  fleet.onInvalid = onInvalid;
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  return { fleet, api, first: await fleet.repository.head() };
}

function hostsOf(fleet: FleetWorld, bottle: string): readonly string[] {
  const { egress } = JSON.parse(fleet.sidecars.get(bottle) ?? '{}');
  return [...egress.routes, ...egress.allowlist].map(({ host }) => host);
}

/** One commit that breaks a file of `dev`, and widens both. */
const breakDev = (fleet: FleetWorld) =>
  fleet.repository.commit({
    [`${D}/routes/dev.yaml`]: BROKEN,
    [`${D}/allowlists/dev.yaml`]: list('dev.test'),
    [`${D}/allowlists/qa.yaml`]: list('qa.test'),
  });

test('an error in a file of one bottle holds back that bottle whole, loudly, and no other', async () => {
  const { fleet, api, first } = await fleetOf();
  const second = await breakDev(fleet);
  const refusal = refusalOf(await api.reconcile({}, NO_PROGRESS));
  expect(refusal).toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/ problems? and is applied to all but dev$/),
  });
  expect([hostsOf(fleet, 'dev'), hostsOf(fleet, 'qa')]).toEqual([[], ['qa.test']]);
  const status = granted(await api.status());
  expect(status.conditions).toMatchObject([{ type: 'SourceReady', status: 'False' }]);
  expect(status).toMatchObject({ revision: second, lastAppliedRevision: first });
  const [dev, qa] = status.bottles;
  expect(dev).toMatchObject({ name: 'dev', lastAppliedRevision: first });
  expect(dev?.conditions).toContainEqual(
    expect.objectContaining({
      type: 'SourceReady',
      status: 'False',
      reason: 'InvalidDesiredState',
      message: expect.stringMatching(
        new RegExp(`^it stays at commit ${first.slice(0, 12)}: routes/dev\\.yaml:2:\\d+ `),
      ),
    }),
  );
  expect(qa).toMatchObject({ name: 'qa', lastAppliedRevision: second });
  expect(qa?.conditions.map(({ type }) => type)).toEqual(['Ready']);

  await fleet.repository.commit({ [`${D}/routes/dev.yaml`]: null });
  granted(await api.reconcile({}, NO_PROGRESS));
  expect(hostsOf(fleet, 'dev')).toEqual(['dev.test']);
  const mended = granted(await api.status());
  expect(mended.lastAppliedRevision).toBe(await fleet.repository.head());
  expect(mended.bottles[0]?.conditions.map(({ type }) => type)).toEqual(['Ready']);
});

test('where the host does not say so, an error holds back everything', async () => {
  const { fleet, api, first } = await fleetOf('reject');
  await breakDev(fleet);
  expect(refusalOf(await api.reconcile({}, NO_PROGRESS)).message).toMatch(/is not applied$/);
  expect([hostsOf(fleet, 'dev'), hostsOf(fleet, 'qa')]).toEqual([[], []]);
  expect(granted(await api.status()).bottles[1]?.lastAppliedRevision).toBe(first);
});

test.each([
  ['fleet.yaml', 'name: [\n'],
  ['policies/common.yaml', 'rules: yes\n'],
])('an error in %s is nobody’s own and holds back everything', async (path, text) => {
  const { fleet, api } = await fleetOf();
  await fleet.repository.commit({
    [`${D}/${path}`]: text,
    [`${D}/allowlists/qa.yaml`]: list('qa.test'),
  });
  expect(refusalOf(await api.reconcile({}, NO_PROGRESS)).message).toMatch(/is not applied$/);
  expect(hostsOf(fleet, 'qa')).toEqual([]);
});

test('a shared file holds back every bottle that is made of it', async () => {
  const { fleet, api } = await fleetOf();
  await fleet.repository.commit({
    [`${D}/bottles/base.yaml`]: 'envv: {}\n',
    [`${D}/allowlists/dev.yaml`]: list('dev.test'),
    [`${D}/allowlists/qa.yaml`]: list('qa.test'),
  });
  expect(refusalOf(await api.reconcile({}, NO_PROGRESS)).message).toContain('all but dev, qa');
  expect([hostsOf(fleet, 'dev'), hostsOf(fleet, 'qa')]).toEqual([[], []]);
});

test('an agent whose file has an error is neither made nor removed', async () => {
  const { fleet, api } = await fleetOf();
  await fleet.repository.commit({
    [`${D}/agents/dev.yaml`]: 'provder: {}\n',
    [`${D}/agents/new.yaml`]: 'provder: {}\n',
    [`${D}/agents/more.yaml`]: agentFile('more'),
  });
  refusalOf(await api.reconcile({}, NO_PROGRESS));
  expect([...fleet.sidecars.keys()].sort()).toEqual(['dev', 'more', 'qa']);
  expect(granted(await api.status()).bottles.map(({ name }) => name)).toEqual([
    'dev',
    'more',
    'qa',
  ]);
});

describe('after a restart on top of such a commit', () => {
  test('every bottle is where it was', async () => {
    const { fleet, api, first } = await fleetOf();
    const second = await breakDev(fleet);
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    const tables = new Map(fleet.sidecars);
    const again = (await fleet.open()).api;
    refusalOf(await again.reconcile({}, NO_PROGRESS));
    expect(fleet.sidecars).toEqual(tables);
    expect(granted(await again.status()).bottles).toMatchObject([
      { name: 'dev', lastAppliedRevision: first },
      { name: 'qa', lastAppliedRevision: second },
    ]);
  });

  test.each([
    ['another bottle has an error too', `${D}/routes/qa.yaml`, BROKEN],
    ['everything is held back', `${D}/fleet.yaml`, 'name: [\n'],
  ])('nothing is taken back when %s', async (_title, path, text) => {
    const { fleet, api } = await fleetOf();
    await breakDev(fleet);
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    const tables = new Map(fleet.sidecars);
    await fleet.repository.commit({ [path]: text });
    const again = (await fleet.open()).api;
    expect(refusalOf(await again.reconcile({}, NO_PROGRESS)).message).toMatch(/is not applied$/);
    expect(fleet.sidecars).toEqual(tables);
    expect(hostsOf(fleet, 'qa')).toEqual(['qa.test']);
  });
});

test('in the same process a second error keeps each bottle where it was last', async () => {
  const { fleet, api } = await fleetOf();
  const second = await breakDev(fleet);
  refusalOf(await api.reconcile({}, NO_PROGRESS));
  await fleet.repository.commit({
    [`${D}/routes/qa.yaml`]: BROKEN,
    [`${D}/allowlists/qa.yaml`]: null,
    [`${D}/agents/more.yaml`]: agentFile('more'),
  });
  expect(refusalOf(await api.reconcile({}, NO_PROGRESS)).message).toContain('all but dev, qa');
  expect(hostsOf(fleet, 'qa')).toEqual(['qa.test']);
  const { bottles } = granted(await api.status());
  expect(bottles.map(({ name }) => name)).toEqual(['dev', 'more', 'qa']);
  expect(bottles[2]?.lastAppliedRevision).toBe(second);
});

describe('a denial on top of an error', () => {
  const OPEN = list('paste.test, kept.test');
  const DENYING = 'name: home\ndeny: [paste.test]\ndefaults:\n  updatePolicy: immediate\n';
  const deniedOf = (fleet: FleetWorld, bottle: string): readonly string[] =>
    (JSON.parse(fleet.sidecars.get(bottle) ?? '{}').egress.deny ?? []).map(
      ({ host }: { host: string }) => host,
    );
  const open = async () => {
    const { fleet, api } = await fleetOf();
    await fleet.repository.commit({ [`${D}/allowlists/dev.yaml`]: OPEN });
    granted(await api.reconcile({}, NO_PROGRESS));
    await fleet.repository.commit({
      [`${D}/routes/dev.yaml`]: BROKEN,
      [`${D}/allowlists/dev.yaml`]: list('dev.test'),
    });
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    expect(hostsOf(fleet, 'dev')).toEqual(['kept.test', 'paste.test']);
    return { fleet, api };
  };

  test('reaches a bottle that stays behind, which follows in nothing else', async () => {
    const { fleet, api } = await open();
    await fleet.repository.commit({
      [`${D}/fleet.yaml`]: DENYING,
      [`${D}/bottles/base.yaml`]: 'env:\n  PAGER: less\ndeny: [x.test]\n',
    });
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    expect(hostsOf(fleet, 'dev')).toEqual(['kept.test']);
    expect(deniedOf(fleet, 'dev')).toEqual(['paste.test', 'x.test']);
    expect(fleet.engine.container('bb-home-dev')?.spec.env['PAGER']).toBe('cat');
    expect(fleet.engine.container('bb-home-qa')?.spec.env['PAGER']).toBe('less');
    const [dev] = granted(await api.status()).bottles;
    expect(dev?.conditions.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^it stays at commit \w+, but paste\.test, x\.test is denied: routes/),
    );
    const tables = new Map(fleet.sidecars);
    const again = (await fleet.open()).api;
    refusalOf(await again.reconcile({}, NO_PROGRESS));
    expect(fleet.sidecars).toEqual(tables);
  });

  test('ends with it while the bottle stays, in this process and in the next', async () => {
    const { fleet, api } = await open();
    await fleet.repository.commit({ [`${D}/fleet.yaml`]: DENYING });
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    expect(hostsOf(fleet, 'dev')).toEqual(['kept.test']);
    await fleet.repository.commit({ [`${D}/fleet.yaml`]: FLEET_FILES[`${D}/fleet.yaml`] ?? null });
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    expect(hostsOf(fleet, 'dev')).toEqual(['kept.test', 'paste.test']);
    expect(deniedOf(fleet, 'dev')).toEqual([]);
  });

  test('reaches also a bottle whose agent left with the error', async () => {
    const { fleet, api } = await open();
    await fleet.repository.commit({
      [`${D}/fleet.yaml`]: DENYING,
      [`${D}/agents/dev.yaml`]: 'provder: {}\n',
    });
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    expect(hostsOf(fleet, 'dev')).toEqual(['kept.test']);
  });

  test('is not taken back by a restart on top of what holds back everything', async () => {
    const { fleet, api } = await fleetOf();
    await fleet.repository.commit({ [`${D}/allowlists/dev.yaml`]: OPEN });
    granted(await api.reconcile({}, NO_PROGRESS));
    // Both stay, so that nothing but the denial came after the commit that was whole.
    await fleet.repository.commit({
      [`${D}/fleet.yaml`]: DENYING,
      [`${D}/routes/dev.yaml`]: BROKEN,
      [`${D}/routes/qa.yaml`]: BROKEN,
    });
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    expect(hostsOf(fleet, 'dev')).toEqual(['kept.test']);
    await fleet.repository.commit({ [`${D}/fleet.yaml`]: 'name: [\n' });
    refusalOf(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
    expect(hostsOf(fleet, 'dev')).toEqual(['kept.test']);
    expect(deniedOf(fleet, 'dev')).toEqual(['paste.test']);
  });

  test('is what the mended commit says, once it is mended', async () => {
    const { fleet, api } = await open();
    await fleet.repository.commit({ [`${D}/fleet.yaml`]: DENYING });
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    await fleet.repository.commit({ [`${D}/routes/dev.yaml`]: null });
    granted(await api.reconcile({}, NO_PROGRESS));
    expect(hostsOf(fleet, 'dev')).toEqual(['dev.test']);
    expect(deniedOf(fleet, 'dev')).toEqual(['paste.test']);
  });
});

describe('on top of a tip with an error', () => {
  test('what the errors are not about is approved, in force and answered', async () => {
    const { fleet, api, first } = await fleetOf();
    await breakDev(fleet);
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    const id = await fleet.propose('x.test', { bottle: bottleName('qa') });
    const { seen, effective } = granted(await api.review(id));
    expect(effective.join('\n')).toContain('x.test');
    granted(await api.approve({ id, seen, operator: 'olga' }, NO_PROGRESS));
    expect(await fleet.repository.git('log', '-1', '--format=%s')).toBe('Allow x.test for qa');
    expect([hostsOf(fleet, 'dev'), hostsOf(fleet, 'qa')]).toEqual([[], ['x.test', 'qa.test']]);
    expect((await fleet.proposals().read(id))?.response?.state).toBe('approved');
    expect(granted(await api.status()).bottles[0]?.lastAppliedRevision).toBe(first);
    await fleet.repository.commit({ [`${D}/routes/dev.yaml`]: null });
    granted(await api.reconcile({}, NO_PROGRESS));
    expect([hostsOf(fleet, 'dev'), hostsOf(fleet, 'qa')]).toEqual([
      ['dev.test'],
      ['x.test', 'qa.test'],
    ]);
  });

  test('the same by a process that has just begun', async () => {
    const { fleet, api } = await fleetOf();
    await breakDev(fleet);
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    const id = await fleet.propose('x.test', { bottle: bottleName('qa') });
    const next = (await fleet.open()).api;
    granted(await next.approve({ id, operator: 'olga' }, NO_PROGRESS));
    expect([hostsOf(fleet, 'dev'), hostsOf(fleet, 'qa')]).toEqual([[], ['x.test', 'qa.test']]);
  });

  test('what cannot be put in force is taken back, and the error stays', async () => {
    const { fleet, api } = await fleetOf();
    await breakDev(fleet);
    refusalOf(await api.reconcile({}, NO_PROGRESS));
    fleet.refuses = (_bottle, { egress }) => (egress.routes.length > 0 ? 'no' : null);
    const id = await fleet.propose('x.test', { bottle: bottleName('qa') });
    const approving = api.approve({ id, operator: 'olga' }, NO_PROGRESS);
    expect(refusalOf(await fleet.elapse(approving)).kind).toBe('apply-failed');
    expect(await fleet.repository.git('log', '-1', '--format=%s')).toBe('Revert x.test for qa');
    expect(await fleet.repository.git('diff', 'HEAD~2', 'HEAD')).toBe('');
    expect(hostsOf(fleet, 'qa')).toEqual(['qa.test']);
  });

  test.each([
    ['isolate', {}, /^dev stays at commit \w+, so nothing .* routes\/dev\.yaml:2:\d+ key /],
    ['reject', {}, /^nothing can be approved while commit \w+ has .* routes\/dev\.yaml:2:\d+ key /],
    ['isolate', { bottle: bottleName('qa'), scope: 'set:some' }, /^nothing .* in a shared set /],
  ] as const)(
    '%s: what they may be about is refused with their place and what to do',
    async (onInvalid, {
      bottle = bottleName('dev'),
      scope = undefined,
    }: {
      bottle?: BottleName;
      scope?: string;
    }, words) => {
      const { fleet, api } = await fleetOf(onInvalid);
      await fleet.repository.commit({ [`${D}/routes/some.yaml`]: 'routes: []\n' });
      await breakDev(fleet);
      refusalOf(await api.reconcile({}, NO_PROGRESS));
      const head = await fleet.repository.head();
      const id = await fleet.propose('x.test', { bottle });
      const refusal = refusalOf(await api.approve({ id, scope, operator: 'olga' }, NO_PROGRESS));
      expect(refusal).toMatchObject({ kind: 'invalid', message: expect.stringMatching(words) });
      expect(refusal.hint).toContain('mend routes/dev.yaml and commit');
      expect(refusal.diagnostics).not.toEqual([]);
      expect(await fleet.repository.head()).toBe(head);
    },
  );
});

test('the record knows which bottles such a commit speaks for', async () => {
  const { fleet, first } = await fleetOf();
  const second = await breakDev(fleet);
  const { root } = fleet.repository;
  const opened = await openGit({ repository: root, branch: 'main', folder: D });
  if (!opened.ok) throw new Error(opened.problem.message);
  const ports = { git: opened.git, policy: hostPolicy(), clock: fleet.clock };
  const isolating = await bottlesAt(second, { ...ports, whole: async () => first });
  expect(Object.keys(isolating)).toEqual(['qa']);
  expect(await bottlesAt(second, { ...ports, whole: async () => null })).toEqual({});
  const valid = await bottlesAt(first, { ...ports, whole: async () => null });
  expect(Object.keys(valid).sort()).toEqual(['dev', 'qa']);
});
