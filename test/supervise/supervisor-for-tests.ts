import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { sha256 } from '../../src/model/fingerprint.ts';
import type { SuperviseSettings, SuperviseStatus } from '../../src/model/sidecar.ts';
import { Supervisor } from '../../src/sidecars/supervise/supervisor.ts';
import { systemClock, systemRandom } from '../../src/sidecars/supervise/system-ports.ts';
import { diskQueueFiles } from '../../src/supervise/disk-queue-files.ts';
import { createProposalStore } from '../../src/supervise/proposal-store.ts';
import { bottleName } from '../builders/observed.ts';
import { temporaryFolder } from '../builders/state-directory.ts';
import { eventually } from '../eventually.ts';

/** Settings of `dev` of which every field is valid. */
export function settings(more: Partial<SuperviseSettings> = {}): SuperviseSettings {
  return {
    generation: 1,
    bottle: bottleName('dev'),
    hash: sha256('settings'),
    waitSeconds: 0,
    maxPendingPerBottle: 20,
    ...more,
  };
}

/** A port of loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** An agent's MCP client of the server at `port`; it goes with the test. */
export async function connectAgent(port: number): Promise<Client & AsyncDisposable> {
  const client = new Client({ name: 'agent', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

/** The supervise program of `dev` on a real queue and a real socket, with the controller's store beside it. */
export async function startSupervisor(
  more: Partial<SuperviseSettings> = {},
  egress: () => Promise<unknown> = async () => ({ generation: 1, routes: [], allowlist: [] }),
) {
  const folder = await temporaryFolder();
  const queueFolder = join(folder.path, 'queue/dev');
  await mkdir(queueFolder, { recursive: true });
  const port = await freePort();
  const reports: SuperviseStatus[] = [];
  const supervisor = new Supervisor(
    {
      files: diskQueueFiles,
      clock: systemClock,
      random: systemRandom,
      egress: { read: egress },
      log: () => undefined,
      report: (status) => reports.push(status),
    },
    { queueFolder, endpoint: { host: '127.0.0.1', port } },
  );
  supervisor.load(JSON.stringify(settings(more)));
  await eventually('the supervisor listens', () => reports.at(-1)?.state === 'ready');
  return {
    supervisor,
    port,
    queueFolder,
    reports,
    store: createProposalStore(diskQueueFiles, folder.path),
    async [Symbol.asyncDispose]() {
      await supervisor.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
