import { expect, test } from 'vitest';
import type { DesiredBottle } from '../../src/model/desired-state.ts';
import { sha256 } from '../../src/model/fingerprint.ts';
import type { BackendObservation, ObservedState } from '../../src/model/observed-state.ts';
import { buildPlan } from '../../src/reconcilers/build-plan.ts';
import { formatPlan } from '../../src/reconcilers/format-plan.ts';
import { customProvider } from '../builders/desired.ts';
import {
  backendEntry,
  bottle,
  bottleName,
  desiredState,
  emptyBackend,
  planContext,
} from '../builders/observed.ts';
import { SimulatedFleet } from './simulated-fleet.ts';

const BACKENDS = [backendEntry('other'), backendEntry('simulated')];
const AWAY: BackendObservation = { available: false, reason: 'no engine answers' };

/** A fleet of one bottle on `simulated`, on a host that has `other` too. */
async function onSimulated(dev: DesiredBottle, other: BackendObservation = emptyBackend()) {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(desiredState([dev]));
  const observed = await fleet.observe();
  const both: ObservedState = { ...observed, backends: { ...observed.backends, other } };
  const context = fleet.context({ backends: BACKENDS });
  return { observed: both, context };
}

test('auto keeps a bottle where it is and takes the first backend for a new one', async () => {
  const { observed, context } = await onSimulated(bottle('dev'));
  const plan = buildPlan(desiredState([bottle('dev'), bottle('new')]), observed, context);
  expect(plan.bottles.map((one) => [one.bottle, one.backend, one.verdict])).toEqual([
    ['dev', 'simulated', 'unchanged'],
    ['new', 'other', 'create'],
  ]);
});

test('a bottle whose named backend is away is unknown and stays in the inventory', async () => {
  const { observed, context } = await onSimulated(bottle('dev'), AWAY);
  const wanted = desiredState([bottle('dev', { backend: 'other' })]);
  expect(formatPlan(buildPlan(wanted, observed, context))).toMatchInlineSnapshot(`
    "? dev on other: unknown
        other is not available: no engine answers
    1 unknown; 0 actions"
  `);
});

test('a second copy on another backend is taken away, the right one is left alone', async () => {
  const dev = bottle('dev', { backend: 'other' });
  const { observed, context } = await onSimulated(bottle('dev'));
  const here = observed.backends['simulated'];
  if (here?.available !== true) throw new Error('the simulated backend is away');
  const copies = here.bottles.map((one) => ({ ...one, backend: 'other' }));
  const backends = { ...observed.backends, other: emptyBackend({ bottles: copies }) };
  const plan = buildPlan(desiredState([dev]), { ...observed, backends }, context);
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "! dev on other: repair
      #1 stop agent on simulated: it belongs on other, not on simulated
      #2 remove agent on simulated after #1: it belongs on other, not on simulated
      #3 stop sidecars on simulated after #2: it belongs on other, not on simulated
      #4 remove sidecars on simulated after #3: it belongs on other, not on simulated
      #5 remove internal-network on simulated after #4: it belongs on other, not on simulated
      #6 remove external-network on simulated after #4: it belongs on other, not on simulated
    1 repair; 6 actions"
  `);
});

test('a busy bottle does not move under the hands of its operator', async () => {
  const { observed, context } = await onSimulated(bottle('dev'));
  const here = observed.backends['simulated'];
  if (here?.available !== true) throw new Error('the simulated backend is away');
  const bottles = here.bottles.map((one) => ({ ...one, busy: true }));
  const busy = { ...observed, backends: { ...observed.backends, simulated: { ...here, bottles } } };
  const wanted = desiredState([bottle('dev', { backend: 'other' })]);
  expect(formatPlan(buildPlan(wanted, busy, context))).toMatchInlineSnapshot(`
    "~ dev on other: withheld (replace-bottle)
        its copy on simulated would be removed; waits until nobody works in it (an attached session or program), or for \`bb apply dev\`
        ~ /backend "other"
    1 withheld; 0 actions"
  `);
  const applyNow = { allowMassDelete: false, applyNow: [bottleName('dev')] };
  const moved = buildPlan(wanted, busy, { ...context, permissions: applyNow });
  expect(moved.bottles[0]).toMatchObject({ backend: 'other', verdict: 'update' });
});

test('a record without a backend is looked for where auto would have put it', () => {
  const applied = { [bottleName('dev')]: { revision: planContext().revision, specHash: 'x' } };
  const plan = (order: readonly string[]) =>
    buildPlan(
      desiredState([bottle('dev')]),
      {
        atMs: 0,
        backends: { other: AWAY, simulated: emptyBackend() },
        sidecars: {},
        inventory: [],
      },
      planContext({ backends: order.map((name) => backendEntry(name)), applied }),
    ).bottles[0]?.verdict;
  expect(plan(['other', 'simulated'])).toBe('unknown');
  expect(plan(['simulated', 'other'])).toBe('create');
});

test('R28: a bottle that moves is not taken away before its image is there, and takes its sessions along', async () => {
  const provider = customProvider({ resume: ['bash'], transcripts: '.agent/*.log' });
  const { observed, context } = await onSimulated(bottle('dev', { provider }));
  const digest = sha256('FROM base\n');
  const path = 'images/dev.Dockerfile';
  const image = { kind: 'dockerfile', path, digest, context: [] } as const;
  const wanted = desiredState([bottle('dev', { provider, image, backend: 'other' })]);
  const { actions } = buildPlan(wanted, observed, context);
  const after = (kind: string) => actions.find(({ action }) => action.kind === kind)?.dependsOn;
  const builds = actions.filter(({ action }) => action.kind === 'ensure-image');
  expect(builds.map(({ backend }) => backend)).toEqual(['other']);
  expect(after('keep-sessions')).toEqual(builds.map(({ id }) => id));
  const [keeps] = actions.filter(({ action }) => action.kind === 'keep-sessions');
  expect(keeps?.backend).toBe('simulated');
  expect(after('stop')).toEqual([keeps?.id]);
  const plain = desiredState([bottle('dev', { backend: 'other' })]);
  const kinds = buildPlan(plain, observed, context).actions.map(({ action }) => action.kind);
  expect(kinds).not.toContain('keep-sessions');
});
