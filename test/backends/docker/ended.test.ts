import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createDockerBackend } from '../../../src/backends/docker/docker-backend.ts';
import { fleetName } from '../../builders/observed.ts';

const DIED = {
  Action: 'die',
  Actor: { ID: 'c1', Attributes: { 'bb.fleet': 'home', 'bb.bottle': 'dev' } },
};

/** An engine that tells of one death and answers for the dead when it is told to. */
async function engineWithADeath() {
  const folder = await mkdtemp(join(tmpdir(), 'bb-ended-'));
  const socketPath = join(folder, 'engine.sock');
  const asked: ServerResponse[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path === '/version') {
      response.end(JSON.stringify({ ApiVersion: '1.41', Version: '20.10.24' }));
    } else if (path.includes('/events')) {
      response.write(`${JSON.stringify(DIED)}\n`);
    } else if (path.endsWith('/containers/c1/json')) {
      asked.push(response);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { endpoint: `unix://${socketPath}`, asked };
}

test('the end of a container is told again when the engine is done with it', async () => {
  const { endpoint, asked } = await engineWithADeath();
  const backend = createDockerBackend({ endpoint, environment: {} });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  let hints = 0;
  backend.watch(
    fleetName('home'),
    ({ bottle }) => {
      // A look at everything may be told at any time.
      if (bottle === 'dev') hints += 1;
    },
    stop.signal,
  );
  await expect.poll(() => asked.length).toBe(1);
  expect(hints).toBe(1);
  asked[0]?.end('{}');
  await expect.poll(() => hints).toBe(2);
});
