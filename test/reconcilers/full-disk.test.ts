import { expect, test } from 'vitest';
import type { DiskUse } from '../../src/model/observed-state.ts';
import { buildPlan } from '../../src/reconcilers/build-plan.ts';
import { formatPlan } from '../../src/reconcilers/format-plan.ts';
import { bottle, bottleName, desiredState } from '../builders/observed.ts';
import { SimulatedFleet } from './simulated-fleet.ts';

const GIB = 1024 ** 3;
const [DEV, QA] = [bottleName('dev'), bottleName('qa')];
const WANTED = desiredState([bottle('dev', { diskBytes: 10 * GIB }), bottle('qa')]);

async function running(): Promise<SimulatedFleet> {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(WANTED);
  return fleet;
}

/** The plan of `wanted` where `dev` takes this much, and `qa` a little. */
async function planned(fleet: SimulatedFleet, dev: DiskUse, wanted = WANTED) {
  const disk = new Map([
    [DEV, dev],
    [QA, { bytes: 1, isWhole: true }],
  ]);
  return buildPlan(wanted, { ...(await fleet.observe()), disk }, fleet.context());
}

test('an agent whose files take more than they may is stopped, and its neighbour is not', async () => {
  const fleet = await running();
  const plan = await planned(fleet, { bytes: 10.5 * GIB, isWhole: true });
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "x dev on simulated: blocked
        its files take 10.5 GiB of 10 GiB, so its agent is stopped; raise resources.disk, free some with bb attach dev, and lower it again
      #1 stop agent: its files take 10.5 GiB of 10 GiB
    1 unchanged, 1 blocked; 1 action"
  `);
  expect(plan.bottles.map(({ verdict }) => verdict)).toEqual(['blocked', 'unchanged']);
  const within = await planned(fleet, { bytes: 10 * GIB, isWhole: true });
  expect(within.actions).toEqual([]);
});

test('it stays stopped while they do, and is started when its limit is raised or they take less', async () => {
  const fleet = await running();
  const full = { bytes: 10.5 * GIB, isWhole: false };
  const [stop] = (await planned(fleet, full)).actions;
  if (stop !== undefined) await fleet.perform(stop, WANTED, fleet.context());
  const after = await planned(fleet, full);
  expect(after.actions).toEqual([]);
  expect(after.bottles[0]).toMatchObject({ verdict: 'blocked', drifted: false });
  expect(after.bottles[0]?.pending).toContain('take more than 10.5 GiB of 10 GiB');
  const raised = desiredState([bottle('dev', { diskBytes: 11 * GIB }), bottle('qa')]);
  for (const plan of [
    await planned(fleet, full, raised),
    await planned(fleet, { bytes: 9 * GIB, isWhole: true }),
  ]) {
    expect(plan.actions.map(({ action }) => action.kind)).toEqual(['start', 'prove-isolation']);
  }
});

test('another limit alone changes nothing of a bottle', async () => {
  const fleet = await running();
  const other = desiredState([bottle('dev', { diskBytes: 3 * GIB }), bottle('qa')]);
  const plan = await planned(fleet, { bytes: GIB, isWhole: true }, other);
  expect(plan.actions).toEqual([]);
  expect(plan.bottles[0]?.verdict).toBe('unchanged');
});

test('a suspended bottle is left as it is', async () => {
  const fleet = await running();
  const wanted = desiredState([bottle('dev', { diskBytes: GIB }, { suspend: true })]);
  const plan = await planned(fleet, { bytes: 2 * GIB, isWhole: true }, wanted);
  expect(plan.bottles[0]?.verdict).toBe('suspended');
  expect(plan.actions.filter((action) => action.bottle === DEV)).toEqual([]);
});
