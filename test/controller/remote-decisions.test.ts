import { expect, onTestFinished, test } from 'vitest';
import { BackendError } from '../../src/backends/backend.ts';
import {
  type FleetWorld,
  granted,
  refusalOf,
  type TestController,
} from '../builders/controller.ts';
import { bottleName } from '../builders/observed.ts';
import { decidedIn, remoteFleet } from '../builders/remote-fleet.ts';

const NO_PROGRESS = () => undefined;
/** A remote that was just asked, or just not reached, is not asked again for seconds. */
const SOON = { timeout: 15_000 };
const OLGA = { operator: 'olga' };

/** The same with a proposal of `dev`. */
async function waiting() {
  const world = await remoteFleet();
  return { ...world, id: await world.fleet.propose() };
}

const approve = ({ api }: TestController, id: string, more: { seen?: string } = {}) =>
  api.approve({ id, ...OLGA, ...more }, NO_PROGRESS);

async function stateOf(fleet: FleetWorld, id: string) {
  return (await fleet.proposals().read(id))?.response?.state ?? 'pending';
}

test('an approval is in the remote before it is in force, and the agent is answered then', async () => {
  const { remote, fleet, controller, id } = await waiting();
  const decision = granted(await approve(controller, id));
  expect(await remote.git('rev-parse', 'main')).toBe(decision.revision);
  expect(fleet.sidecars.get('dev')).toContain('api.example.test');
  expect(await stateOf(fleet, id)).toBe('approved');
  expect(granted(await controller.api.status()).remote).toMatchObject({
    unreachable: null,
    waiting: 0,
  });
});

test('while the remote is away decisions are kept, told and not in force; back again they land in order', async () => {
  const { remote, fleet, controller, id } = await waiting();
  const second = await fleet.propose('git.example.test');
  const third = await fleet.propose('bad.example.test', { bottle: bottleName('qa') });
  const { seen } = granted(await controller.api.review(id));
  const { seen: seenSecond } = granted(await controller.api.review(second));
  remote.isDown = true;
  const refusal = refusalOf(await approve(controller, id, { seen }));
  expect(refusal).toMatchObject({ kind: 'remote' });
  expect(refusal.message).toContain('approved, and not in force yet');
  expect(refusalOf(await approve(controller, second, { seen: seenSecond })).kind).toBe('remote');
  const reject = { id: third, reason: 'no need', ...OLGA };
  expect(refusalOf(await controller.api.reject(reject)).kind).toBe('remote');

  expect(fleet.sidecars.get('dev')).not.toContain('api.example.test');
  expect(await stateOf(fleet, id)).toBe('pending');
  expect((await fleet.proposals().read(id))?.notice).toContain('not in force');
  const views = granted(await controller.api.proposals({}));
  expect(views[0]?.waits).toBe('approved by olga, waits for the remote repository');
  expect(granted(await controller.api.status()).remote).toMatchObject({
    unreachable: { message: expect.stringContaining('cannot be reached') },
    waiting: 3,
  });
  expect(refusalOf(await approve(controller, id))).toMatchObject({ kind: 'conflict' });

  remote.isDown = false;
  const next = await fleet.open();
  granted(await next.api.reconcile({}, NO_PROGRESS));
  expect(await decidedIn(remote)).toEqual([
    'Allow api.example.test for dev',
    'Allow git.example.test for dev',
    'Reject bad.example.test for qa',
  ]);
  expect(await Promise.all([id, second, third].map((each) => stateOf(fleet, each)))).toEqual([
    'approved',
    'approved',
    'rejected',
  ]);
  expect((await fleet.proposals().read(id))?.response).toMatchObject({ operator: 'olga' });
  expect(granted(await next.api.status()).remote).toMatchObject({ unreachable: null, waiting: 0 });
});

test('an approval that waits is taken back by a rejection, and what changed its meaning meanwhile drops it', async () => {
  const { remote, fleet, controller, id } = await waiting();
  const second = await fleet.propose('git.example.test', { bottle: bottleName('qa') });
  granted(await controller.api.review(id));
  remote.isDown = true;
  for (const each of [id, second])
    expect(refusalOf(await approve(controller, each)).kind).toBe('remote');
  const taken = { id, reason: 'on second thoughts', operator: 'otto' };
  expect(refusalOf(await controller.api.reject(taken)).kind).toBe('remote');
  await remote.pusher.commit({ 'desired-state/agents/qa.yaml': 'not: [valid\n' });
  await remote.pusher.git('push', '--quiet', 'origin', 'main');
  remote.isDown = false;
  const next = await fleet.open();
  await next.api.reconcile({}, NO_PROGRESS);
  expect(await decidedIn(remote)).toEqual(['Reject api.example.test for dev']);
  expect(await stateOf(fleet, id)).toBe('rejected');
  expect(await stateOf(fleet, second)).toBe('pending');
  const events = granted(await next.api.events({ limit: 50 })).map(({ reason }) => reason);
  expect(events).toContain('DecisionTakenBack');
  expect(events).toContain('DecisionNotMade');
  expect(granted(await next.api.status()).remote?.waiting).toBe(0);
});

test('an approved image that waited is built beside the loop, which ends without waiting for it', async () => {
  const { remote, fleet, controller } = await remoteFleet();
  const request = { tool: 'capability-block', dockerfile: 'FROM scratch\nRUN jq\n' } as const;
  const id = await fleet.propose('', { request });
  await controller.api.review(id);
  remote.isDown = true;
  expect(refusalOf(await approve(controller, id)).kind).toBe('remote');
  remote.isDown = false;

  const build = Promise.withResolvers<void>();
  let builds = 0;
  fleet.faults = {
    before(call) {
      if (call !== 'ensureImage') return;
      builds += 1;
      return build.promise;
    },
  };
  if (fleet.remote !== null) fleet.remote = { ...fleet.remote, pollMs: 200 };
  const ended = new AbortController();
  const loop = (await fleet.open()).watch(ended.signal);
  onTestFinished(async () => {
    build.resolve();
    ended.abort();
    await loop;
  });
  await expect.poll(() => builds, SOON).toBe(1);
  await remote.pusher.git('pull', '--quiet', 'origin', 'main');
  await remote.pusher.commit({ 'desired-state/allowlists/qa.yaml': 'hosts: [qa.test]\n' });
  await remote.pusher.git('push', '--quiet', 'origin', 'main');
  await expect.poll(() => fleet.sidecars.get('qa'), SOON).toContain('qa.test');
  expect(await stateOf(fleet, id)).toBe('pending');

  ended.abort();
  // Tried again after a while by a clock that stands still.
  build.reject(new BackendError({ code: 'failed', kind: 'transient', message: 'try again' }));
  await loop;
  expect(await decidedIn(remote)).toEqual(['Change the image of dev']);
  expect(await stateOf(fleet, id)).toBe('pending');
  fleet.faults = {};
  granted(await (await fleet.open()).api.reconcile({}, NO_PROGRESS));
  expect(await stateOf(fleet, id)).toBe('approved');
  expect(await decidedIn(remote)).toEqual(['Change the image of dev']);
});

test('an edit of an operator is refused while the remote is away, and made when it is there', async () => {
  const { remote, controller } = await waiting();
  const edit = { kind: 'suspend-instance', bottle: 'qa', suspend: true } as const;
  remote.isDown = true;
  expect(refusalOf(await controller.api.edit(edit, 'olga', NO_PROGRESS)).kind).toBe('remote');
  remote.isDown = false;
  await expect
    .poll(async () => (await controller.api.edit(edit, 'olga', NO_PROGRESS)).ok, {
      timeout: 10_000,
    })
    .toBe(true);
  expect(await remote.git('log', '-1', '--format=%s', 'main')).toBe('Suspend bottle qa');
});

test('a history that was rewritten at the remote is followed and told', async () => {
  const { remote, controller } = await waiting();
  const first = await remote.git('rev-parse', 'main');
  await remote.pusher.commit({ 'README.md': 'soon gone\n' });
  await remote.pusher.git('push', '--quiet', 'origin', 'main');
  await expect
    .poll(async () => granted(await controller.api.reconcile({}, NO_PROGRESS)).revision, SOON)
    .not.toBe(first);
  await remote.pusher.git('commit', '--quiet', '--amend', '-m', 'Rewritten');
  await remote.pusher.git('push', '--quiet', '--force', 'origin', 'main');
  const rewritten = await remote.git('rev-parse', 'main');
  await expect
    .poll(async () => granted(await controller.api.reconcile({}, NO_PROGRESS)).revision, SOON)
    .toBe(rewritten);
  const events = granted(await controller.api.events({ limit: 50 }));
  expect(events.filter(({ reason }) => reason === 'SourceRewritten')).toHaveLength(1);
});
