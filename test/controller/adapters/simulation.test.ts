import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSimulation } from '../../../src/controller/adapters/simulation.ts';
import { proveIsolation } from '../../../src/controller/prove-isolation.ts';
import type { Clock } from '../../../src/model/clock.ts';
import { buildPlan } from '../../../src/reconcilers/build-plan.ts';
import { renderEgressTable } from '../../../src/reconcilers/egress/render-table.ts';
import { renderSuperviseSettings } from '../../../src/reconcilers/supervise/render-settings.ts';
import {
  bottle,
  desiredState,
  HOME,
  HOST,
  observedState,
  planContext,
} from '../../builders/observed.ts';

const CLOCK: Clock = { nowMs: () => 0, elapsedMs: () => 0, sleep: () => Promise.resolve() };

test('a simulated fleet is proven isolated and is found again by the next command', async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'bb-simulation-'));
  onTestFinished(() => rm(stateDirectory, { recursive: true }));
  const dev = bottle('dev');
  const first = openSimulation({ stateDirectory, fleet: HOME, clock: CLOCK });
  const build = { dockerfile: '', buildArgs: {}, context: new Map<string, Uint8Array>() };
  for (const reference of [HOST.sidecarImage, HOST.agentImage]) {
    await first.backend.ensureImage({ reference, ...build }, () => undefined);
  }
  await first.files.render(dev.name, {
    egress: renderEgressTable(dev, HOST, 0),
    secrets: {},
    supervise: renderSuperviseSettings(dev),
  });
  const agent = { fleet: HOME, bottle: dev.name, component: 'agent' } as const;
  for (const { action } of buildPlan(desiredState([dev]), observedState(), planContext()).actions) {
    if (action.kind === 'create-network') await first.backend.createNetwork(action.network);
    if (action.kind === 'create-container') {
      await first.backend.createContainer(action.container, {});
    }
    if (action.kind === 'start') {
      await first.backend.start({ ...agent, component: action.component });
    }
  }
  await proveIsolation(agent, { ...first, host: HOST });

  const second = openSimulation({ stateDirectory, fleet: HOME, clock: CLOCK });
  expect(await second.backend.observe(HOME)).toEqual(await first.backend.observe(HOME));
  expect(await second.files.read(dev.name)).toEqual(await first.files.read(dev.name));
  expect((await second.files.read(dev.name)).egress?.generation).toBe(1);
  await second.files.remove(dev.name);
  const third = openSimulation({ stateDirectory, fleet: HOME, clock: CLOCK });
  expect(await third.files.list()).toEqual([]);
});
