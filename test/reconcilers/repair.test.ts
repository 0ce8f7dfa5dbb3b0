import { expect, test } from 'vitest';
import type { SimulatedContainer } from '../../src/backends/simulated/simulated-object.ts';
import type { Plan } from '../../src/model/action.ts';
import type { ObservedContainer } from '../../src/model/observed-state.ts';
import { buildPlan } from '../../src/reconcilers/build-plan.ts';
import { formatPlan } from '../../src/reconcilers/format-plan.ts';
import { bottle, bottleName, desiredState, revision } from '../builders/observed.ts';
import { SimulatedFleet } from './simulated-fleet.ts';

const DEV = bottleName('dev');
const WANTED = desiredState([bottle('dev')]);

async function running(): Promise<SimulatedFleet> {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(WANTED);
  return fleet;
}

function container(fleet: SimulatedFleet, name: string): SimulatedContainer {
  const found = fleet.engine.container(name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

function removeNetwork(fleet: SimulatedFleet, name: string): void {
  const network = fleet.engine.network(name);
  if (network === undefined) throw new Error(`there is no ${name}`);
  fleet.engine.drop(network);
}

test('an agent that ended is started again and proven', async () => {
  const fleet = await running();
  fleet.engine.put({ ...container(fleet, 'bb-home-dev'), state: 'exited', exitCode: 137 });
  const plan = await fleet.plan(WANTED);
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "! dev on simulated: repair, drifted
      #1 start agent: the agent container ended with 137
      #2 prove isolation after #1: the agent container ended with 137
    1 repair; 2 actions"
  `);
});

test('sidecars that were removed by hand are made again under the running agent', async () => {
  const fleet = await running();
  fleet.engine.drop(container(fleet, 'bb-home-dev-sidecars'));
  expect(formatPlan(await fleet.plan(WANTED))).toMatchInlineSnapshot(`
    "! dev on simulated: repair, drifted
      #1 render the sidecars: the sidecars container is missing
      #2 create sidecars container from bb/sidecars:one after #1: the sidecars container is missing
      #3 start sidecars after #2: the sidecars container is missing
      #4 await the sidecars after #3: the sidecars container is missing
      #5 prove isolation after #4: the sidecars container is missing
    1 repair; 5 actions"
  `);
});

test('an agent that was made and never filled is filled before it starts', async () => {
  const fleet = await running();
  fleet.engine.put({ ...container(fleet, 'bb-home-dev'), state: 'created' });
  expect(formatPlan(await fleet.plan(WANTED))).toMatchInlineSnapshot(`
    "! dev on simulated: repair, drifted
      #1 provision agent: the agent container was never started
      #2 start agent after #1: the agent container was never started
      #3 prove isolation after #2: the agent container was never started
    1 repair; 3 actions"
  `);
});

test('an internal network that is gone takes both containers with it', async () => {
  const fleet = await running();
  removeNetwork(fleet, 'bb-home-dev-int');
  expect(formatPlan(await fleet.plan(WANTED))).toMatchInlineSnapshot(`
    "! dev on simulated: repair, drifted
      #1 stop agent: the internal network is missing
      #2 remove agent after #1: the internal network is missing
      #3 stop sidecars: the internal network is missing
      #4 remove sidecars after #3: the internal network is missing
      #5 render the sidecars: the internal network is missing
      #6 create internal-network 10.80.0.0/28 after #2 #4: the internal network is missing
      #7 create sidecars container from bb/sidecars:one after #4 #5 #6: the internal network is missing
      #8 create agent container from bb/agent:one after #2 #5 #6: the internal network is missing
      #9 provision agent after #8: the internal network is missing
      #10 start sidecars after #7: the internal network is missing
      #11 await the sidecars after #10: the internal network is missing
      #12 start agent after #9: the internal network is missing
      #13 prove isolation after #11 #12: the internal network is missing
    1 repair; 13 actions"
  `);
});

test('an external network that is gone costs the sidecars only', async () => {
  const fleet = await running();
  removeNetwork(fleet, 'bb-home-dev-ext');
  const plan = await fleet.plan(WANTED);
  expect(plan.actions.map(({ action }) => action.kind)).not.toContain('provision');
  expect(plan.actions[0]?.reason).toBe('the external network is missing');
});

test('an agent off its network is made anew, its sidecars are not', async () => {
  const fleet = await running();
  fleet.engine.put({ ...container(fleet, 'bb-home-dev'), attached: {} });
  expect(formatPlan(await fleet.plan(WANTED))).toMatchInlineSnapshot(`
    "! dev on simulated: repair, drifted
      #1 stop agent: the agent container is off the internal network
      #2 remove agent after #1: the agent container is off the internal network
      #3 create agent container from bb/agent:one after #2: the agent container is off the internal network
      #4 provision agent after #3: the agent container is off the internal network
      #5 start agent after #4: the agent container is off the internal network
      #6 prove isolation after #5: the agent container is off the internal network
    1 repair; 6 actions"
  `);
});

test('an agent on the external network is replaced although it is busy', async () => {
  const fleet = await running();
  const agent = container(fleet, 'bb-home-dev');
  const way = { networkId: 'sim-9', address: '10.80.0.19' };
  const attached = { ...agent.attached, 'external-network': way };
  fleet.engine.put({ ...agent, busy: true, attached });
  const plan = await fleet.plan(WANTED);
  expect(plan.bottles[0]?.pending).toBeNull();
  expect(plan.actions[0]).toMatchObject({
    action: { kind: 'stop', component: 'agent' },
    reason: 'the agent is attached to the external network',
  });
});

test('sidecars that a crash left half attached are made anew, not started', async () => {
  const fleet = await running();
  const sidecars = container(fleet, 'bb-home-dev-sidecars');
  const { 'internal-network': _, ...attached } = sidecars.attached;
  for (const state of ['created', 'exited'] as const) {
    fleet.engine.put({ ...sidecars, state, attached });
    const plan = await fleet.plan(WANTED);
    expect(plan.actions.map(({ action }) => action.kind)).toContain('create-container');
    expect(plan.actions[0]?.reason).toBe('the sidecars container is off the internal network');
  }
});

test('a busy agent off its network waits instead of losing its session', async () => {
  const fleet = await running();
  fleet.engine.put({ ...container(fleet, 'bb-home-dev'), busy: true, attached: {} });
  expect(formatPlan(await fleet.plan(WANTED))).toMatchInlineSnapshot(`
    "~ dev on simulated: withheld, drifted
        the agent container is off the internal network, which replaces the agent; waits until nobody works in it (an attached session or program), or for \`bb apply dev\`
    1 withheld; 0 actions"
  `);
});

test('sidecars that report nothing are given their tables again', async () => {
  const fleet = await running();
  await fleet.files.remove(DEV);
  expect(formatPlan(await fleet.plan(WANTED))).toMatchInlineSnapshot(`
    "! dev on simulated: repair
      #1 reload egress: egress does not say that it has its table
      #2 reload supervise after #1: supervise does not say that it has its table
    1 repair; 2 actions"
  `);
});

test('a sidecar that enforces an older table than was in force is drift', async () => {
  const fleet = await running();
  const before = await fleet.observe();
  const allowlist = [{ host: 'packages.example.test', reason: null, expires: null }];
  const wanted = desiredState([bottle('dev', { allowlist })]);
  await fleet.reconcile(wanted);
  const observed = { ...(await fleet.observe()), sidecars: before.sidecars };
  const plan = buildPlan(wanted, observed, fleet.context());
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "~ dev on simulated: update (reload), drifted
        + /allowlist/packages.example.test {"host":"packages.example.test"}
      #1 reload egress: host packages.example.test was added
    1 update; 1 action"
  `);
});

test('a bottle of which nothing is left is made again and says so', async () => {
  const fleet = await running();
  for (const object of [...fleet.engine.objects()]) {
    if (object.kind !== 'image') fleet.engine.drop(object);
  }
  const plan = await fleet.plan(WANTED);
  expect(plan.actions[0]?.reason).toBe('nothing of it is left');
  expect(plan.bottles[0]).toMatchObject({ verdict: 'create', drifted: true });
});

test('a running bottle that was never recorded as proven is proven, and only that', async () => {
  const fleet = await running();
  expect(formatPlan(await fleet.plan(WANTED, { applied: {} }))).toMatchInlineSnapshot(`
    "! dev on simulated: repair
      #1 prove isolation: its isolation was not proven yet
    1 repair; 1 action"
  `);
});

test('an agent of a newer commit than the last one in force is proven', async () => {
  const fleet = await running();
  const crashed = { [DEV]: { revision: revision('0'), specHash: 'of the commit before' } };
  const plan = await fleet.plan(WANTED, { applied: crashed });
  expect(plan.actions.map(({ action }) => action.kind)).toEqual(['prove-isolation']);
});

test('a busy agent on a network of somebody else is replaced at once, its sidecars by themselves', async () => {
  const fleet = await running();
  fleet.engine.put({ ...container(fleet, 'bb-home-dev'), busy: true });
  const plan = await planWith(fleet, (one) =>
    one.component === 'agent' ? { ...one, otherNetworks: ['bridge'] } : one,
  );
  expect(plan.actions[0]).toMatchObject({
    action: { kind: 'stop', component: 'agent' },
    reason: 'the agent is attached to the network bridge',
  });
  const guarded = await planWith(fleet, (one) =>
    one.component === 'sidecars' ? { ...one, otherNetworks: ['bridge'] } : one,
  );
  expect(guarded.actions.map(({ reason }) => reason)).toContain(
    'the sidecars container is on the network bridge',
  );
  expect(guarded.actions.map(({ action }) => action.kind)).not.toContain('provision');
});

test('two agents under one name are both replaced by one', async () => {
  const fleet = await running();
  const plan = await planWith(fleet, (one) => (one.component === 'agent' ? [one, one] : one));
  expect(plan.actions[0]?.reason).toBe('there are 2 agent containers');
});

/** The plan for what would be observed if each container were this instead. */
async function planWith(
  fleet: SimulatedFleet,
  instead: (one: ObservedContainer) => ObservedContainer | readonly ObservedContainer[],
): Promise<Plan> {
  const observed = await fleet.observe();
  const simulated = observed.backends['simulated'];
  if (simulated?.available !== true) throw new Error('the simulated backend is away');
  const bottles = simulated.bottles.map((one) => ({
    ...one,
    containers: one.containers.flatMap(instead),
  }));
  const backends = { simulated: { ...simulated, bottles } };
  return buildPlan(WANTED, { ...observed, backends }, fleet.context());
}
