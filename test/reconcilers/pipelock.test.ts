import { expect, test } from 'vitest';
import { buildPlan } from '../../src/reconcilers/build-plan.ts';
import { formatPlan } from '../../src/reconcilers/format-plan.ts';
import { bottle, bottleName, desiredState, HOST, route } from '../builders/observed.ts';
import { SimulatedFleet } from './simulated-fleet.ts';

const GATED = {
  ...HOST,
  upstream: { hosts: { 'api.example.test': ['10.9.0.1'] }, trustedCaPem: [] },
  pipelock: { path: '/usr/bin/pipelock', identity: '1' },
};

async function gatedFleet(): Promise<SimulatedFleet> {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(desiredState([bottle('dev')]), { host: GATED });
  return fleet;
}

test('the sidecars of a host that has pipelock see the program and nothing of its folder', async () => {
  const fleet = new SimulatedFleet();
  const plan = await fleet.plan(desiredState([bottle('dev')]), { host: GATED });
  const [sidecars] = plan.actions
    .map(({ action }) => action)
    .flatMap((action) => (action.kind === 'create-container' ? [action.container] : []))
    .filter(({ identity }) => identity.component === 'sidecars');
  expect(sidecars?.mounts.at(-1)).toEqual({
    source: '/usr/bin/pipelock',
    target: '/opt/pipelock/pipelock',
    readOnly: true,
  });
  expect(sidecars?.env['BB_PIPELOCK']).toBe('/opt/pipelock/pipelock');
  expect(sidecars?.hosts).toEqual({ 'api.example.test': '10.9.0.1' });
});

test('a gated bottle that was applied needs nothing', async () => {
  const fleet = await gatedFleet();
  const plan = await fleet.plan(desiredState([bottle('dev')]), { host: GATED });
  expect(formatPlan(plan)).toMatchInlineSnapshot(`"1 unchanged; 0 actions"`);
});

test('a route for a gated bottle is one reload of both gates', async () => {
  const fleet = await gatedFleet();
  const wanted = bottle('dev', { egress: { routes: [route('more.example.test')] } });
  const plan = await fleet.plan(desiredState([wanted]), { host: GATED });
  expect(plan.actions.map(({ action }) => action.kind)).toEqual(['reload-sidecar']);
});

test('a field for pipelock alone is a reload', async () => {
  const fleet = await gatedFleet();
  const wanted = bottle('dev', { pipelock: { extra: { taint: { enabled: false } } } });
  const plan = await fleet.plan(desiredState([wanted]), { host: GATED });
  expect(plan.bottles[0]).toMatchObject({ verdict: 'update', impact: 'reload' });
  expect(plan.actions.map(({ action }) => action.kind)).toEqual(['reload-sidecar']);
});

test('another program on the host restarts the sidecars and leaves the agent', async () => {
  const fleet = await gatedFleet();
  const host = { ...GATED, pipelock: { ...GATED.pipelock, identity: '2' } };
  const plan = await fleet.plan(desiredState([bottle('dev')]), { host });
  expect(plan.bottles[0]).toMatchObject({ verdict: 'update', impact: 'restart-sidecar' });
});

test('a second gate that enforces something else is drift and is loaded again', async () => {
  const fleet = await gatedFleet();
  const observed = await fleet.observe();
  const statuses = observed.sidecars[bottleName('dev')];
  const pipelock = statuses?.bundle?.pipelock;
  if (statuses?.bundle == null || pipelock === undefined) throw new Error('there is no gate');
  const drifted = {
    ...observed,
    sidecars: {
      [bottleName('dev')]: {
        ...statuses,
        bundle: { ...statuses.bundle, pipelock: { ...pipelock, configHash: null } },
      },
    },
  };
  const plan = buildPlan(desiredState([bottle('dev')]), drifted, fleet.context({ host: GATED }));
  expect(plan.actions.map(({ action, reason }) => [action.kind, reason])).toEqual([
    ['reload-sidecar', 'pipelock enforces another configuration'],
  ]);
});
