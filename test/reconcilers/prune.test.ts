import { expect, test } from 'vitest';
import type { BackendObservation } from '../../src/model/observed-state.ts';
import { buildPlan } from '../../src/reconcilers/build-plan.ts';
import { formatPlan } from '../../src/reconcilers/format-plan.ts';
import {
  backendEntry,
  bottle,
  bottleName,
  desiredState,
  observedState,
  planContext,
} from '../builders/observed.ts';
import { SimulatedFleet } from './simulated-fleet.ts';

const AWAY: BackendObservation = { available: false, reason: 'no engine answers' };

function fleetOf(count: number) {
  return desiredState(Array.from({ length: count }, (_, index) => bottle(`dev-${index}`)));
}

test('a bottle that left the commit goes agent first, state last', async () => {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(fleetOf(1));
  const plan = await fleet.reconcile(desiredState([]));
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "- dev-0 on simulated: remove
      #1 stop agent: no longer in 1111111
      #2 remove agent after #1: no longer in 1111111
      #3 stop sidecars after #2: no longer in 1111111
      #4 remove sidecars after #3: no longer in 1111111
      #5 remove internal-network after #4: no longer in 1111111
      #6 remove external-network after #4: no longer in 1111111
      #7 remove state after #5 #6: no longer in 1111111
    1 remove; 7 actions"
  `);
  expect(formatPlan(await fleet.plan(desiredState([])))).toBe('no bottles; 0 actions');
});

test('removing more than half of a fleet is refused, and done when it is allowed', async () => {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(fleetOf(7));
  const refused = await fleet.plan(fleetOf(3));
  expect(refused.refused).toMatchInlineSnapshot(`
    {
      "hint": "check that branch and folder are the right ones; if it is meant, run \`bb reconcile --allow-mass-delete\`",
      "reason": "this would remove 4 of 7 bottles",
    }
  `);
  const allowed = await fleet.plan(fleetOf(3), {
    permissions: { allowMassDelete: true, applyNow: [] },
  });
  expect(allowed.refused).toBeNull();
  expect(allowed.actions).toEqual(refused.actions);
});

test('removing three bottles, or just half of a fleet, needs no permission', async () => {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(fleetOf(3));
  expect((await fleet.plan(fleetOf(0))).refused).toBeNull();
  await fleet.reconcile(fleetOf(8));
  expect((await fleet.plan(fleetOf(4))).refused).toBeNull();
});

test('what an absent backend may hold is kept', () => {
  const observed = observedState({
    backends: { simulated: AWAY },
    inventory: [bottleName('gone')],
  });
  expect(formatPlan(buildPlan(desiredState([]), observed, planContext()))).toMatchInlineSnapshot(`
    "? gone on simulated: unknown
        no longer in 1111111; it may be on simulated, which is not available, so it is kept
    1 unknown; 0 actions"
  `);
});

test('a bottle on an absent backend is unknown, and is not made a second time elsewhere', () => {
  const name = bottleName('dev');
  const revision = planContext().revision;
  const observed = observedState({
    backends: { other: AWAY, ...observedState().backends },
    inventory: [name],
  });
  const context = planContext({
    backends: [backendEntry('other'), backendEntry('simulated')],
    applied: { [name]: { revision, specHash: 'x', backend: 'other' } },
  });
  const plan = buildPlan(desiredState([bottle('dev')]), observed, context);
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "? dev on other: unknown
        it may be on other, which is not available: no engine answers
    1 unknown; 0 actions"
  `);
  const fresh = buildPlan(desiredState([bottle('new')]), observed, context);
  expect(fresh.bottles.map(({ bottle: one, verdict }) => `${one} ${verdict}`)).toEqual([
    'dev unknown',
    'new create',
  ]);
});

test('a suspended fleet prunes nothing', async () => {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(fleetOf(1));
  const plan = await fleet.plan(desiredState([], { suspend: true }));
  expect(plan.actions).toEqual([]);
  expect(plan.bottles[0]?.verdict).toBe('suspended');
});

test('what is kept of a bottle that left is saved before its agent goes', async () => {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(desiredState([bottle('dev')]));
  const plan = await fleet.plan(desiredState([]), { preserved: [bottleName('dev')] });
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "- dev on simulated: remove
      #1 stop agent: no longer in 1111111
      #2 save agent as bb/preserved:home-dev after #1: its agent crashed, so its files are kept
      #3 remove agent after #2: no longer in 1111111
      #4 stop sidecars after #3: no longer in 1111111
      #5 remove sidecars after #4: no longer in 1111111
      #6 remove internal-network after #5: no longer in 1111111
      #7 remove external-network after #5: no longer in 1111111
      #8 keep state after #6 #7: no longer in 1111111
    1 remove; 8 actions"
  `);
});

test('a crashed agent whose backend saves nothing goes all the same, and the plan says what is lost', async () => {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(desiredState([bottle('dev')]));
  const { capabilities } = backendEntry('simulated');
  const backends = [
    backendEntry('simulated', { capabilities: { ...capabilities, freeze: false } }),
  ];
  const plan = await fleet.reconcile(desiredState([]), {
    backends,
    preserved: [bottleName('dev')],
  });
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "- dev on simulated: remove
      #1 stop agent: no longer in 1111111
      #2 remove agent after #1: no longer in 1111111; its agent crashed, and what is in it is lost: simulated saves no bottle
      #3 stop sidecars after #2: no longer in 1111111
      #4 remove sidecars after #3: no longer in 1111111
      #5 remove internal-network after #4: no longer in 1111111
      #6 remove external-network after #4: no longer in 1111111
      #7 keep state after #5 #6: no longer in 1111111
    1 remove; 7 actions"
  `);
  expect(formatPlan(await fleet.plan(desiredState([])))).toBe('no bottles; 0 actions');
});

test('an agent that lies there crashed is saved without a mark, one that ended well is not', async () => {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(desiredState([bottle('dev')]));
  const agent = fleet.engine.container('bb-home-dev');
  if (agent === undefined) throw new Error('there is no agent');
  const kindsAfter = async (exitCode: number | null) => {
    fleet.engine.put({ ...agent, state: 'exited', exitCode });
    const { actions } = await fleet.plan(desiredState([]));
    return actions.map(({ action }) => action.kind).filter((kind) => /snapshot|state/.test(kind));
  };
  for (const crash of [1, 137, 139]) {
    expect(await kindsAfter(crash)).toEqual(['snapshot', 'keep-state']);
  }
  for (const end of [0, 143, null]) expect(await kindsAfter(end)).toEqual(['remove-state']);
});
