import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { BackendError } from '../../src/backends/backend.ts';
import { NO_PERMISSIONS } from '../../src/controller/reconciler.ts';
import { agentFile, type FleetWorld, fleetWorld } from '../builders/controller.ts';
import { bottleName } from '../builders/observed.ts';

/** A fleet that a loop follows; `observed` counts its passes. */
async function followed(prepare: (fleet: FleetWorld) => void = () => undefined) {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  prepare(fleet);
  const { before } = fleet.faults;
  let passes = 0;
  fleet.faults = {
    before(call, ref) {
      if (call === 'observe') passes += 1;
      return before?.(call, ref);
    },
  };
  const controller = await fleet.open();
  const ended = new AbortController();
  const loop = controller.watch(ended.signal);
  onTestFinished(async () => {
    ended.abort();
    await loop;
  });
  return { fleet, controller, ended, loop, passes: () => passes };
}

const isUp = (fleet: FleetWorld, name: string) =>
  fleet.engine.container(`bb-home-${name}`)?.state === 'running';

test('a commit is noticed, and an abort ends the loop with every bottle running', async () => {
  const { fleet, ended, loop } = await followed();
  await expect.poll(() => isUp(fleet, 'qa')).toBe(true);
  await fleet.repository.commit({ 'desired-state/agents/dev.yaml': agentFile('dev', 'more') });
  await expect.poll(() => isUp(fleet, 'more')).toBe(true);
  ended.abort();
  await loop;
  expect(['dev', 'qa', 'more'].map((name) => isUp(fleet, name))).toEqual([true, true, true]);
});

test('what dies is repaired by its event, and a proposal that was decided is answered', async () => {
  const { fleet, controller } = await followed();
  await expect.poll(() => controller.journal.appliedRevision()).not.toBeNull();
  const agent = fleet.engine.container('bb-home-dev');
  if (agent === undefined) throw new Error('no agent');
  fleet.engine.put({ ...agent, state: 'exited' });
  await expect.poll(() => isUp(fleet, 'dev')).toBe(true);
  const id = await fleet.propose();
  const route = 'routes:\n  - host: api.example.test\n';
  const message = `Allow it\n\nBb-Action: approve\nBb-Proposal: ${id}`;
  await fleet.repository.commit({ 'desired-state/routes/dev.yaml': route }, message);
  await expect
    .poll(async () => (await fleet.proposals().read(id))?.response?.state)
    .toBe('approved');
});

test('what a bottle at work makes happen is looked at with the end of its turn, or a second later', async () => {
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { fleet, controller, passes } = await followed((made) => {
    made.faults = {
      before(call, ref) {
        if (call !== 'exec' || ref?.bottle !== 'dev') return;
        asked.resolve();
        return answered.promise;
      },
    };
  });
  onTestFinished(() => answered.resolve());
  await asked.promise;
  const atWork = () => [...controller.reconciler.snapshot().inFlight].join();
  await expect.poll(() => isUp(fleet, 'qa') && atWork()).toBe('dev');
  /** Passes beside twenty plans, each of which waits for the pass before it. */
  const passesFor = async (name: string) => {
    const before = passes();
    for (let count = 0; count < 20; count += 1) {
      const agent = fleet.engine.container(`bb-home-${name}`);
      if (agent !== undefined) fleet.engine.put(agent);
      await controller.reconciler.plan({ permissions: NO_PERMISSIONS });
    }
    return passes() - before - 20;
  };
  expect(await passesFor('qa')).toBeGreaterThan(6);
  expect(await passesFor('dev')).toBeLessThan(5);
  const before = passes();
  await fleet.clock.advance(1_000);
  await expect.poll(passes).toBeGreaterThan(before);
  answered.resolve();
  await expect.poll(atWork).toBe('');
});

test('an idle loop looks once a resync, and a failed bottle does not make it spin', async () => {
  const { fleet, controller, passes } = await followed((made) => {
    made.faults = {
      before(call, ref) {
        if (call !== 'start' || ref?.bottle !== 'dev') return;
        throw new BackendError({ code: 'failed', kind: 'terminal', message: 'it is broken' });
      },
    };
  });
  const isSettled = () =>
    isUp(fleet, 'qa') &&
    controller.reconciler.snapshot().inFlight.size === 0 &&
    controller.reconciler.snapshot().memories.get(bottleName('dev'))?.setback != null;
  await expect.poll(isSettled).toBe(true);
  await expect.poll(() => fleet.clock.sleeping).toBe(1);
  const before = passes();
  expect(before).toBeLessThan(60);
  await fleet.clock.advance(29_000);
  expect(passes()).toBe(before);
  await fleet.clock.advance(2_000);
  await expect.poll(() => passes()).toBe(before + 1);
});

test('two hundred commits in a row end in the last of them, and nothing is left to do', async () => {
  const { fleet, controller, passes } = await followed();
  await expect.poll(() => isUp(fleet, 'dev')).toBe(true);
  const before = passes();
  await execa('sh', ['-euc', TWO_HUNDRED_COMMITS], {
    cwd: fleet.repository.root,
    env: { GIT_CONFIG_GLOBAL: '/dev/null' },
  });
  const last = await fleet.repository.head();
  await expect.poll(() => controller.journal.appliedRevision(), { timeout: 30_000 }).toBe(last);
  expect(fleet.sidecars.get('dev')).toContain('host200.example.test');
  expect(fleet.sidecars.get('dev')).not.toContain('host199.example.test');
  await expect.poll(() => fleet.clock.sleeping).toBe(1);
  expect(controller.reconciler.snapshot().inFlight.size).toBe(0);
  const during = passes() - before;
  // A commit is a hint, an ended turn and the report of the sidecars are one each: those of a pass under way are merged.
  expect(during).toBeLessThanOrEqual(3 * 200);
  await fleet.clock.advance(20_000);
  expect(passes() - before).toBe(during);
}, 60_000);

const TWO_HUNDRED_COMMITS = `
for number in $(seq 200); do
  mkdir -p desired-state/routes
  printf 'routes:\\n  - host: host%s.example.test\\n' "$number" > desired-state/routes/dev.yaml
  git add desired-state/routes/dev.yaml
  git commit --quiet --message "Route $number"
done
`;
