import { expect, test } from 'vitest';
import type { DesiredBottle } from '../../src/model/desired-state.ts';
import { sha256 } from '../../src/model/fingerprint.ts';
import { buildPlan } from '../../src/reconcilers/build-plan.ts';
import { formatPlan } from '../../src/reconcilers/format-plan.ts';
import {
  backendEntry,
  bottle,
  bottleName,
  desiredState,
  emptyBackend,
  HOST,
  planContext,
  route,
} from '../builders/observed.ts';
import { SimulatedFleet } from './simulated-fleet.ts';

async function fleetOf(before: DesiredBottle): Promise<SimulatedFleet> {
  const fleet = new SimulatedFleet();
  await fleet.reconcile(desiredState([before]));
  return fleet;
}

function setBusy(fleet: SimulatedFleet, name: string): void {
  const agent = fleet.engine.container(name);
  if (agent === undefined) throw new Error(`there is no ${name}`);
  fleet.engine.put({ ...agent, busy: true });
}

test('an unchanged fleet needs nothing', async () => {
  const fleet = await fleetOf(bottle('dev'));
  const plan = await fleet.plan(desiredState([bottle('dev')]));
  expect(formatPlan(plan)).toMatchInlineSnapshot(`"1 unchanged; 0 actions"`);
});

test('an added route is a reload of egress and nothing else, with its place in the files', async () => {
  const fleet = await fleetOf(bottle('dev'));
  const wanted = bottle(
    'dev',
    { egress: { routes: [route('api.example.test')] } },
    { origins: { 'route:api.example.test': { file: 'routes/dev.yaml', line: 3 } } },
  );
  expect(formatPlan(await fleet.plan(desiredState([wanted])))).toMatchInlineSnapshot(`
    "~ dev on simulated: update (reload)
        + /egress/routes/api.example.test {"git":{"fetch":false},"host":"api.example.test","ports":[443]}
      #1 reload egress: route api.example.test was added (routes/dev.yaml:3)
    1 update; 1 action"
  `);
});

test('a denial is a reload that says where it is written, and so is taking it out', async () => {
  const deny = [{ host: 'paste.test', reason: 'exfiltration', file: 'bottles/base.yaml' }];
  const origins = { 'deny:paste.test': { file: 'bottles/base.yaml', line: 4 } };
  const denying = bottle('dev', { deny }, { origins });
  const fleet = await fleetOf(bottle('dev'));
  expect(formatPlan(await fleet.plan(desiredState([denying])))).toMatchInlineSnapshot(`
    "~ dev on simulated: update (reload)
        + /deny/paste.test {"file":"bottles/base.yaml","host":"paste.test","reason":"exfiltration"}
      #1 reload egress: denial paste.test was added (bottles/base.yaml:4)
    1 update; 1 action"
  `);
  await fleet.reconcile(desiredState([denying]));
  expect(formatPlan(await fleet.plan(desiredState([denying])))).toBe('1 unchanged; 0 actions');
  expect(formatPlan(await fleet.plan(desiredState([bottle('dev')])))).toMatchInlineSnapshot(`
    "~ dev on simulated: update (reload)
        - /deny/paste.test
      #1 reload egress: denial paste.test was removed
    1 update; 1 action"
  `);
});

test('a busy agent keeps its route reloads while its new image waits', async () => {
  const fleet = await fleetOf(bottle('dev'));
  setBusy(fleet, 'bb-home-dev');
  const wanted = bottle('dev', {
    image: { kind: 'ref', ref: 'registry.example.test/agent@sha256:1' },
    egress: { routes: [route('api.example.test')] },
  });
  expect(formatPlan(await fleet.plan(desiredState([wanted])))).toMatchInlineSnapshot(`
    "~ dev on simulated: withheld (replace-agent)
        the image changed, which replaces the agent; waits until nobody works in it (an attached session or program), or for \`bb apply dev\`
        + /egress/routes/api.example.test {"git":{"fetch":false},"host":"api.example.test","ports":[443]}
        ~ /image "registry.example.test/agent@sha256:1"
      #1 reload egress: route api.example.test was added
    1 withheld; 1 action"
  `);
});

test('an idle agent is replaced when its environment changes, and no value is shown', async () => {
  const fleet = await fleetOf(bottle('dev'));
  const wanted = bottle('dev', { env: { TOKEN: { kind: 'literal', value: 'do-not-print' } } });
  const text = formatPlan(await fleet.plan(desiredState([wanted])));
  expect(text).not.toContain('do-not-print');
  expect(text).toMatchInlineSnapshot(`
    "~ dev on simulated: update (replace-agent)
        + /env/TOKEN
      #1 stop agent: variable TOKEN was added
      #2 remove agent after #1: variable TOKEN was added
      #3 create agent container from bb/agent:one after #2: variable TOKEN was added
      #4 provision agent after #3: variable TOKEN was added
      #5 start agent after #4: variable TOKEN was added
      #6 prove isolation after #5: variable TOKEN was added
    1 update; 6 actions"
  `);
});

test('a manual bottle waits for bb apply, and goes when it was given', async () => {
  const fleet = await fleetOf(bottle('dev', {}, { updatePolicy: 'manual' }));
  const wanted = desiredState([bottle('dev', { runtime: 'runc' }, { updatePolicy: 'manual' })]);
  expect(formatPlan(await fleet.plan(wanted))).toMatchInlineSnapshot(`
    "~ dev on simulated: withheld (replace-agent)
        the runtime changed, which replaces the agent; waits for \`bb apply dev\`
        ~ /runtime "runc"
    1 withheld; 0 actions"
  `);
  const permissions = { allowMassDelete: false, applyNow: [bottleName('dev')] };
  const permitted = await fleet.plan(wanted, { permissions });
  expect(permitted.bottles[0]?.verdict).toBe('update');
  expect(permitted.actions.map(({ action }) => action.kind)).toContain('create-container');
});

test('a new sidecars image restarts the sidecars of an idle bottle and proves it again', async () => {
  const fleet = await fleetOf(bottle('dev'));
  const context = { host: { ...HOST, sidecarImage: 'bb/sidecars:two' } };
  const wanted = desiredState([bottle('dev')]);
  expect(formatPlan(await fleet.plan(wanted, context))).toMatchInlineSnapshot(`
    "~ dev on simulated: update (restart-sidecar)
        ~ /sidecars/image "bb/sidecars:two"
      #1 make image bb/sidecars:two present: simulated does not have it
      #2 stop sidecars after #1: the sidecars image or its place on the host changed
      #3 remove sidecars after #2: the sidecars image or its place on the host changed
      #4 render the sidecars: the sidecars image or its place on the host changed
      #5 create sidecars container from bb/sidecars:two after #1 #3 #4: the sidecars image or its place on the host changed
      #6 start sidecars after #5: the sidecars image or its place on the host changed
      #7 await the sidecars after #6: the sidecars image or its place on the host changed
      #8 prove isolation after #7: the sidecars image or its place on the host changed
    1 update; 8 actions"
  `);
});

test('a busy agent of an immediate bottle is replaced all the same', async () => {
  const fleet = await fleetOf(bottle('dev', {}, { updatePolicy: 'immediate' }));
  setBusy(fleet, 'bb-home-dev');
  const wanted = bottle('dev', { runtime: 'runc' }, { updatePolicy: 'immediate' });
  const plan = await fleet.plan(desiredState([wanted]));
  expect(plan.bottles[0]).toMatchObject({ verdict: 'update', pending: null });
  expect(plan.actions.map(({ action }) => action.kind)).toContain('create-container');
});

test('a new image of the host is an update and no drift', async () => {
  const fleet = await fleetOf(bottle('dev'));
  const context = { host: { ...HOST, agentImage: 'bb/agent:two' } };
  const plan = await fleet.plan(desiredState([bottle('dev')]), context);
  expect(plan.bottles[0]).toMatchObject({ verdict: 'update', drifted: false });
});

test('a new sidecars image waits while the agent is busy', async () => {
  const fleet = await fleetOf(bottle('dev'));
  setBusy(fleet, 'bb-home-dev');
  const context = { host: { ...HOST, sidecarImage: 'bb/sidecars:two' } };
  const plan = await fleet.plan(desiredState([bottle('dev')]), context);
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "~ dev on simulated: withheld (restart-sidecar)
        the sidecars image or its place on the host changed, which cuts the agent's connections; waits until nobody works in it (an attached session or program), or for \`bb apply dev\`
        ~ /sidecars/image "bb/sidecars:two"
    1 withheld; 0 actions"
  `);
});

test('another pool moves the whole bottle to new networks', async () => {
  const fleet = await fleetOf(bottle('dev'));
  const wanted = bottle('dev', { networks: { pool: '10.99.0.0/24' } });
  expect(formatPlan(await fleet.plan(desiredState([wanted])))).toMatchInlineSnapshot(`
    "~ dev on simulated: update (replace-agent)
        ~ /networks/pool "10.99.0.0/24"
      #1 stop agent: the pool of networks changed
      #2 remove agent after #1: the pool of networks changed
      #3 stop sidecars: the pool of networks changed
      #4 remove sidecars after #3: the pool of networks changed
      #5 render the sidecars: the pool of networks changed
      #6 remove internal-network after #2 #4: the pool of networks changed
      #7 create internal-network 10.99.0.0/28 after #6: the pool of networks changed
      #8 remove external-network after #2 #4: the pool of networks changed
      #9 create external-network 10.99.0.16/28 after #8: the pool of networks changed
      #10 create sidecars container from bb/sidecars:one after #4 #5 #7 #9: the pool of networks changed
      #11 create agent container from bb/agent:one after #2 #5 #7: the pool of networks changed
      #12 provision agent after #11: the pool of networks changed
      #13 start sidecars after #10: the pool of networks changed
      #14 await the sidecars after #13: the pool of networks changed
      #15 start agent after #12: the pool of networks changed
      #16 prove isolation after #14 #15: the pool of networks changed
    1 update; 16 actions"
  `);
});

test('a label, a colour and a description change nothing', async () => {
  const fleet = await fleetOf(bottle('dev'));
  const wanted = bottle('dev', { label: 'Development', color: 'cyan', description: 'new' });
  const plan = await fleet.plan(desiredState([wanted]));
  expect(plan.actions).toEqual([]);
  expect(plan.bottles[0]?.verdict).toBe('unchanged');
});

test('a new version of a secret is a reload that shows neither version', async () => {
  const routes = [route('api.example.test', { auth: { scheme: 'Bearer', secret: 'api' } })];
  const wanted = bottle('dev', { egress: { routes } });
  const fleet = await fleetOf(wanted);
  const host = { ...HOST, secretVersions: { api: 'version-two' } };
  const text = formatPlan(await fleet.plan(desiredState([wanted]), { host }));
  expect(text).not.toContain('version-two');
  expect(text).toMatchInlineSnapshot(`
    "~ dev on simulated: update (reload)
        ~ /secrets/api
      #1 reload egress: secret api has a new value
    1 update; 1 action"
  `);
});

test('a grant that expires is taken back by a reload and is no drift', async () => {
  const routes = [route('api.example.test', { expires: '2026-06-01T01:00:00Z' })];
  const origins = { 'route:api.example.test': { file: 'routes/dev.yaml', line: 3 } };
  const dev = bottle('dev', { egress: { routes } }, { origins });
  const wanted = desiredState([dev]);
  const fleet = await fleetOf(dev);
  expect((await fleet.plan(wanted)).actions).toEqual([]);
  const later = planContext().nowMs + 3_600_000;
  const plan = await fleet.plan(wanted, { nowMs: later });
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "~ dev on simulated: update (reload)
        - /egress/routes/api.example.test
      #1 reload egress: route api.example.test expired (routes/dev.yaml:3)
    1 update; 1 action"
  `);
  expect(plan.bottles[0]?.drifted).toBe(false);
});

test('a suspended bottle shows what it would become and is left alone', async () => {
  const fleet = await fleetOf(bottle('dev'));
  const wanted = bottle('dev', { allowlist: [entry('packages.example.test')] }, { suspend: true });
  expect(formatPlan(await fleet.plan(desiredState([wanted])))).toMatchInlineSnapshot(`
    ". dev on simulated: suspended (reload)
        it is suspended, so nothing is done to it
        + /allowlist/packages.example.test {"host":"packages.example.test"}
    1 suspended; 0 actions"
  `);
});

test('a suspended bottle that does not exist is not made', async () => {
  const fleet = new SimulatedFleet();
  const plan = await fleet.plan(desiredState([bottle('dev', {}, { suspend: true })]));
  expect(plan.actions).toEqual([]);
  expect(plan.bottles[0]?.verdict).toBe('suspended');
});

test('a bottle that changes its backend is removed there before it is made here', async () => {
  const fleet = new SimulatedFleet(['simulated']);
  await fleet.reconcile(desiredState([bottle('dev')]));
  const observed = await fleet.observe();

  const plan = buildPlan(
    desiredState([bottle('dev', { backend: 'other' })]),
    { ...observed, backends: { ...observed.backends, other: emptyBackend() } },
    fleet.context({ backends: [backendEntry('simulated'), backendEntry('other')] }),
  );
  expect(formatPlan(plan)).toMatchInlineSnapshot(`
    "~ dev on other: update (replace-bottle)
        ~ /backend "other"
      #1 stop agent on simulated: it belongs on other, not on simulated
      #2 remove agent on simulated after #1: it belongs on other, not on simulated
      #3 stop sidecars on simulated after #2: it belongs on other, not on simulated
      #4 remove sidecars on simulated after #3: it belongs on other, not on simulated
      #5 remove internal-network on simulated after #4: it belongs on other, not on simulated
      #6 remove external-network on simulated after #4: it belongs on other, not on simulated
      #7 render the sidecars after #5 #6: it moves from simulated to other
      #8 create internal-network 10.80.0.0/28 after #5 #6: it moves from simulated to other
      #9 create external-network 10.80.0.16/28 after #5 #6: it moves from simulated to other
      #10 create sidecars container from bb/sidecars:one after #5 #6 #7 #8 #9: it moves from simulated to other
      #11 create agent container from bb/agent:one after #5 #6 #7 #8: it moves from simulated to other
      #12 provision agent after #11: it moves from simulated to other
      #13 start sidecars after #10: it moves from simulated to other
      #14 await the sidecars after #13: it moves from simulated to other
      #15 start agent after #12: it moves from simulated to other
      #16 prove isolation after #14 #15: it moves from simulated to other
    1 update; 16 actions"
  `);
});

function entry(host: string) {
  return { host, reason: null, expires: null };
}

test('an image of a Dockerfile is said to fail where none can be built, before anything is taken away', async () => {
  const fleet = await fleetOf(bottle('dev'));
  const digest = sha256('FROM base\n');
  const path = 'images/dev.Dockerfile';
  const image = { kind: 'dockerfile', path, digest, context: [] } as const;
  const wanted = desiredState([bottle('dev', { image })]);
  const [builds] = (await fleet.plan(wanted)).actions;
  expect(builds?.reason).toBe('simulated does not have it');
  const entry = backendEntry('simulated');
  const capabilities = { ...entry.capabilities, capabilityChange: false };
  const plan = await fleet.plan(wanted, { backends: [{ ...entry, capabilities }] });
  const [fails, ...others] = plan.actions;
  expect(fails?.reason).toBe('simulated does not have it and cannot build one, so this will fail');
  expect(others.every(({ dependsOn }) => dependsOn.length > 0)).toBe(true);
});
