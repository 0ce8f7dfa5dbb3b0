import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { type PrivateEngine, startPrivateEngine } from '../../scripts/engine/private-engine.ts';
import { ensureHostBaseImage } from '../../src/controller/adapters/host-base-image.ts';
import { eventually } from '../eventually.ts';
import { get } from '../scenario/bottle.ts';
import { scenarioEngine } from '../scenario/engine.ts';
import { isReady, readiness } from '../scenario/engine-luck.ts';
import { route } from '../scenario/fleet-files.ts';
import { type FleetUnderTest, fleetUnderTest } from '../scenario/fleet-under-test.ts';
import { URL_OF_API } from '../scenario/upstream.ts';

const PATIENCE_MS = 90_000;

/** What `systemctl stop docker` sends, and what a crash is like: containers go on without their engine then. */
const ENDS = ['SIGTERM', 'SIGKILL'] as const;

test.skipIf(process.getuid?.() !== 0)(
  'a whole engine that stops or dies must be told, and its bottles be up and allowed what was committed meanwhile',
  { timeout: 400_000 },
  async () => {
    const programs = process.env['BB_TEST_ENGINE_PROGRAMS'] ?? null;
    const folder = await mkdtemp(join(tmpdir(), 'bb-engine-'));
    let daemon = await startPrivateEngine({ folder, programs, runtimes: {} });
    // The daemon that runs at the end, whichever it is.
    await using _daemon = { [Symbol.asyncDispose]: () => daemon.stop() };
    const engine = await startedScenarioEngine(daemon);
    await using _upstream = engine.upstream;
    await using fleet = await fleetUnderTest({ engine });
    await fleet.controller();
    await fleet.done('reconcile');
    const before = await fleet.engine.ids();

    for (const [turn, signal] of ENDS.entries()) {
      await daemon.halt(signal);
      await eventually(
        'it is told',
        async () => (await readiness(fleet))[0] === 'Unknown',
        PATIENCE_MS,
      );
      await allow(fleet, `/more-${turn}/`);
      daemon = await startPrivateEngine({ folder, programs, runtimes: {} });
      await eventually(
        'what was committed meanwhile is in force',
        async () => /^200 /.test(await get(fleet, 'dev', `${URL_OF_API}/more-${turn}/x`)),
        PATIENCE_MS,
      );
      expect(await get(fleet, 'dev', `${URL_OF_API}/secret`)).toMatch(/^403 /);
      await eventually('it is ready', () => isReady(fleet), PATIENCE_MS);
      expect(await fleet.engine.ids()).toEqual(before);
    }
  },
);

async function startedScenarioEngine({ endpoint }: PrivateEngine) {
  const image = await ensureHostBaseImage({
    endpoint,
    environment: {},
    onProgress: () => undefined,
  });
  const docker = new Docker({ socketPath: endpoint.slice('unix://'.length) });
  return scenarioEngine({ docker, endpoint, image }, 'engine-restart');
}

async function allow(fleet: FleetUnderTest, path: string): Promise<void> {
  await fleet.repository.commit({
    'desired-state/routes/api.yaml': `routes:\n${route(fleet.address, `paths: [/public/, ${path}]`).join('\n')}\n`,
  });
}
