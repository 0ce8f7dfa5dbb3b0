import { expect, test } from 'vitest';
import { SimulatedSidecarFiles } from '../../../src/controller/adapters/simulated-sidecar-files.ts';
import type { Clock } from '../../../src/model/clock.ts';
import { renderEgressTable } from '../../../src/reconcilers/egress/render-table.ts';
import { renderSuperviseSettings } from '../../../src/reconcilers/supervise/render-settings.ts';
import { bottle, bottleName, HOST, route } from '../../builders/observed.ts';

const CLOCK: Clock = { nowMs: () => 0, elapsedMs: () => 0, sleep: () => Promise.resolve() };
const DEV = bottleName('dev');

function inputs(...hosts: readonly string[]) {
  const routes = hosts.map((host) => route(host, { auth: { scheme: 'Bearer', secret: 'api' } }));
  const wanted = bottle('dev', { egress: { routes } });
  const egress = renderEgressTable(wanted, HOST, 0);
  const secrets = { api: { version: 'v1', value: 'never-shown' } };
  return { egress, secrets, supervise: renderSuperviseSettings(wanted) };
}

test('what is rendered is in force at once, without the values of secrets', async () => {
  const files = new SimulatedSidecarFiles({ clock: CLOCK });
  await files.prepare(DEV);
  expect((await files.read(DEV)).egress).toBeNull();
  const given = inputs('api.example.test');
  await files.render(DEV, given);
  const { egress, supervise } = await files.read(DEV);
  expect(egress).toMatchObject({
    state: 'ready',
    generation: 1,
    tableHash: given.egress.hash,
    secrets: { api: 'v1' },
  });
  expect(supervise?.settingsHash).toBe(given.supervise.hash);
  expect(JSON.stringify(egress)).not.toContain('never-shown');
});

test('the same inputs make no new generation, others do', async () => {
  const files = new SimulatedSidecarFiles({ clock: CLOCK });
  await files.render(DEV, inputs('api.example.test'));
  await files.render(DEV, inputs('api.example.test'));
  expect((await files.read(DEV)).egress?.generation).toBe(1);
  await files.render(DEV, inputs('api.example.test', 'git.example.test'));
  expect((await files.read(DEV)).egress?.generation).toBe(2);
});

test('a refused table leaves the one before it in force and says why', async () => {
  let refusal: string | null = null;
  const files = new SimulatedSidecarFiles({ clock: CLOCK, refuses: () => refusal });
  const good = inputs('api.example.test');
  await files.render(DEV, good);
  refusal = 'the table does not parse';
  await files.render(DEV, inputs('git.example.test'));
  expect((await files.read(DEV)).egress).toMatchObject({
    generation: 1,
    tableHash: good.egress.hash,
    error: refusal,
    refusedGeneration: 2,
  });
});

test('bottles are listed until they are removed, and watchers are told', async () => {
  const told: string[] = [];
  const patience = new AbortController();
  const store = new Map<string, string>();
  const files = new SimulatedSidecarFiles({ clock: CLOCK, store });
  files.watch((bottleTold) => told.push(bottleTold), patience.signal);
  await files.render(DEV, inputs());
  expect(told).toEqual(['dev']);
  expect(await new SimulatedSidecarFiles({ clock: CLOCK, store }).list()).toEqual(['dev']);
  await files.remove(DEV);
  expect(await files.list()).toEqual([]);
});
