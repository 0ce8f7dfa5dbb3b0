import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createDockerBackend } from '../../src/backends/docker/docker-backend.ts';
import { createEmbeddedBackend } from '../../src/backends/embedded/embedded-backend.ts';
import { SimulatedBackend } from '../../src/backends/simulated/simulated-backend.ts';
import { SimulatedEngine } from '../../src/backends/simulated/simulated-engine.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { BACKENDS_PAGE, capabilityTable, withTable } from './capability-table.ts';

/** Nothing of them is used but what they declare. */
const BACKENDS = [
  createDockerBackend({ endpoint: 'unix:///nowhere/bb/docker.sock', environment: {} }),
  createEmbeddedBackend({ directory: '/nowhere/bb' }),
  new SimulatedBackend({ engine: new SimulatedEngine(), clock: new FakeClock() }),
];

test('docs/reference/backends.md holds the table; -u writes it', async () => {
  const page = await readFile(BACKENDS_PAGE, 'utf8');
  await expect(withTable(page, capabilityTable(BACKENDS))).toMatchFileSnapshot(BACKENDS_PAGE);
});
