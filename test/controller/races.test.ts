import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FLEET_FILES, fleetWorld, granted, refusalOf } from '../builders/controller.ts';
import { bottleName } from '../builders/observed.ts';
import { approveAmongPushers } from '../builders/racing-approvals.ts';
import { decidedIn, remoteFleet } from '../builders/remote-fleet.ts';

const NO_PROGRESS = () => undefined;

test(
  'of approvals at once among others who push, each lands once and nobody is overwritten',
  { timeout: 120_000 },
  () => approveAmongPushers(20),
);

async function proposed(count: number) {
  const world = await remoteFleet();
  const hosts = Array.from({ length: count }, (_, index) => `h${index}.example.test`);
  const ids: string[] = [];
  for (const host of hosts) ids.push(await world.fleet.propose(host));
  return { ...world, ids };
}

test('decisions that wait for each other are commits of their own, and pushed together', async () => {
  const { remote, fleet, controller, ids } = await proposed(10);
  const before = remote.requests.length;
  const decisions = await Promise.all(
    ids.map((id, index) =>
      index === 5
        ? controller.api.reject({ id, reason: 'no', operator: 'olga' })
        : controller.api.approve({ id, operator: 'olga' }, NO_PROGRESS),
    ),
  );
  const revisions = decisions.map((decision) => granted(decision).revision);
  expect(new Set(revisions).size).toBe(10);
  expect(await decidedIn(remote)).toHaveLength(10);
  const pushes = remote.requests.slice(before).filter(({ path }) => path.endsWith('receive-pack'));
  // Two requests a push: the first decision goes alone, and the others wait for it.
  expect(pushes.length).toBeLessThanOrEqual(8);
  expect(await remote.git('show', `${revisions[0]}:desired-state/routes/dev.yaml`)).not.toContain(
    'h9.example.test',
  );
  const tables = fleet.sidecars.get('dev');
  expect(ids.map((_, index) => tables?.includes(`h${index}.example.test`))).toEqual(
    ids.map((_, index) => index !== 5),
  );
});

test('a commit that the remote does not take keeps no other back', async () => {
  const { remote, fleet, controller, ids } = await proposed(5);
  const hook = join(remote.path, 'hooks/pre-receive');
  const script =
    '#!/bin/sh\nread -r old new ref\n! git log --format=%s "$old..$new" | grep -q h3\n';
  await writeFile(hook, script);
  await chmod(hook, 0o755);
  const decisions = await Promise.all(
    ids.map((id) => controller.api.approve({ id, operator: 'olga' }, NO_PROGRESS)),
  );
  const [refused] = decisions.splice(3, 1);
  for (const decision of decisions) granted(decision);
  expect(refused === undefined ? null : refusalOf(refused)).toMatchObject({ kind: 'source' });
  expect(await decidedIn(remote)).toHaveLength(4);
  expect((await fleet.proposals().read(ids[3] ?? ''))?.response).toBeNull();
  expect(fleet.sidecars.get('dev')).not.toContain('h3.example.test');
});

test('a decision that does not apply behind those it waited with is told why, and waits again', async () => {
  const { remote, fleet, controller } = await proposed(0);
  const first = await fleet.propose('one.example.test');
  const second = await fleet.propose('two.example.test');
  const seen = granted(await controller.api.review(second)).seen;
  const decisions = await Promise.all([
    controller.api.approve({ id: first, operator: 'olga' }, NO_PROGRESS),
    controller.api.approve({ id: second, seen, operator: 'olga' }, NO_PROGRESS),
  ]);
  granted(decisions[0]);
  expect(refusalOf(decisions[1]).message).toContain('is not what you were shown');
  expect(await decidedIn(remote)).toEqual(['Allow one.example.test for dev']);
  granted(await controller.api.approve({ id: second, operator: 'olga' }, NO_PROGRESS));
  expect(fleet.sidecars.get('dev')).toContain('two.example.test');
});

test('an approval that cannot be put in force is taken back out of a file that others were let into with it', async () => {
  const set = 'desired-state/routes/shared.yaml';
  await using fleet = await fleetWorld({
    ...FLEET_FILES,
    'desired-state/bottles/base.yaml': 'routes: [shared]\n',
    [set]: '# ours\nroutes:\n  - host: kept.example.test\n',
  });
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  fleet.refuses = (bottle, { egress }) =>
    bottle === 'qa' && egress.routes.some(({ host }) => host === 'bad.example.test') ? 'no' : null;
  const asked = [
    await fleet.propose('bad.example.test', { bottle: bottleName('qa') }),
    await fleet.propose('good.example.test', { bottle: bottleName('dev') }),
  ];
  const [bad, good] = await Promise.all(
    asked.map((id) => api.approve({ id, operator: 'olga', scope: 'set:shared' }, NO_PROGRESS)),
  );
  if (bad === undefined || good === undefined) throw new Error('two were asked for');
  expect(refusalOf(bad).message).toContain('was reverted');
  granted(good);
  const text = await fleet.repository.git('show', `HEAD:${set}`);
  expect(text).toContain('# ours\nroutes:\n  - host: kept.example.test\n');
  expect(text).toContain('good.example.test');
  expect(text).not.toContain('bad.example.test');
  expect(fleet.sidecars.get('qa')).toContain('good.example.test');
});

test('an image and a route that are approved for one bottle at once are both in force, one after the other', async () => {
  await using fleet = await fleetWorld(FLEET_FILES);
  const { api } = await fleet.open();
  granted(await api.reconcile({}, NO_PROGRESS));
  const image = { tool: 'capability-block', dockerfile: 'FROM base\nRUN true\n' } as const;
  const ids = [
    await fleet.propose('one.example.test'),
    await fleet.propose('unused', { request: image }),
    await fleet.propose('two.example.test'),
  ];
  const decisions = await Promise.all(
    ids.map((id) => api.approve({ id, operator: 'olga' }, NO_PROGRESS)),
  );
  for (const decision of decisions) granted(decision);
  const log = await fleet.repository.git('log', '--reverse', '--format=%s', '-3');
  expect(log.split('\n').map((subject) => /one|image|two/i.exec(subject)?.[0])).toEqual([
    'one',
    'image',
    'two',
  ]);
  expect(fleet.sidecars.get('dev')).toContain('two.example.test');
});
