import { expect, onTestFinished, test } from 'vitest';
import { BackendError } from '../../src/backends/backend.ts';
import { SimulatedSidecarFiles } from '../../src/controller/adapters/simulated-sidecar-files.ts';
import { awaitSidecars } from '../../src/controller/await-sidecars.ts';
import { createStatusHints } from '../../src/controller/status-hints.ts';
import { renderEgressTable } from '../../src/reconcilers/egress/render-table.ts';
import { renderSuperviseSettings } from '../../src/reconcilers/supervise/render-settings.ts';
import { fleetWorld, granted } from '../builders/controller.ts';
import { bottle, bottleName, HOST, route } from '../builders/observed.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const HOUR_MS = 3_600_000;
const PASS = { permissions: { allowMassDelete: false, applyNow: [] } };
const STEPS = [
  { way: 'an hour ahead', stepMs: HOUR_MS },
  { way: 'an hour back', stepMs: -HOUR_MS },
];

async function world() {
  const fleet = await fleetWorld();
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  return fleet;
}

test.for(STEPS)('a clock that is set $way delays no retry and hastens none', async ({ stepMs }) => {
  const fleet = await world();
  let failures = 1;
  fleet.faults = {
    before(call, ref) {
      if (call !== 'start' || ref?.bottle !== 'dev' || failures === 0) return;
      failures -= 1;
      throw new BackendError({ code: 'failed', kind: 'transient', message: 'it is broken' });
    },
  };
  const { api, reconciler } = await fleet.open();
  await reconciler.pass(PASS);
  await reconciler.settled();
  fleet.clock.step(stepMs);
  const conditions = granted(await api.status()).bottles[0]?.conditions;
  expect(conditions?.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/tried again in 1 s/),
  );
  expect(await reconciler.pass(PASS)).toMatchObject({ started: [] });
  await fleet.clock.advance(750);
  expect(await reconciler.pass(PASS)).toMatchObject({ started: ['dev'] });
  await reconciler.settled();
  expect(granted(await api.reconcile({}, () => undefined)).converged).toBe(true);
});

test.for(STEPS)(
  'a clock that is set $way ends no wait for the sidecars, and prolongs none',
  async ({ stepMs }) => {
    const clock = new FakeClock();
    const files = new SimulatedSidecarFiles({ clock });
    const wanted = bottle('dev', { egress: { routes: [route('api.example.test')] } });
    const egress = renderEgressTable(wanted, HOST, 0);
    const supervise = renderSuperviseSettings(wanted);
    const dev = bottleName('dev');
    const waiting = () => {
      const awaited = { tableHash: egress.hash, settingsHash: supervise.hash, former: [] };
      return awaitSidecars(dev, awaited, { files, hints: createStatusHints(), clock });
    };
    const tooLong = expect(waiting()).rejects.toThrow('within 20 s');
    await clock.advance(1_000);
    clock.step(stepMs);
    await clock.advance(20_000);
    await tooLong;
    const inTime = waiting();
    clock.step(stepMs);
    await clock.advance(1_000);
    await files.render(dev, { egress, supervise, secrets: {} });
    await clock.advance(1_000);
    expect((await inTime).egress?.tableHash).toBe(egress.hash);
  },
);
