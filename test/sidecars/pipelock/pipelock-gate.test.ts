import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/model/fingerprint.ts';
import type { PipelockStatus } from '../../../src/model/sidecar.ts';
import { renderPipelockConfig } from '../../../src/reconcilers/pipelock/render-config.ts';
import { PipelockGate } from '../../../src/sidecars/pipelock/pipelock-gate.ts';
import { egressRoute } from '../../builders/desired.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';
import { eventually } from '../../eventually.ts';
import { realPipelock } from './pipelock-program.ts';

const program = realPipelock();
const title = 'the real pipelock program';

describe.skipIf(program === null)(
  program === null ? `${title} (none on PATH, none named by BB_PIPELOCK)` : title,
  () => {
    test('accepts what bb renders, lets a listed host through and no other', async () => {
      await using world = await gateWorld();
      await world.load(['localhost']);
      expect(world.gate.status).toMatchObject({ state: 'ready', error: null });
      expect(await world.connect('localhost')).toBe(200);
      expect(await world.connect('other.example.test')).toBe(403);
      await eventually('it was counted', () => world.gate.status.blocked === 1);
    });

    test('a host that is added or taken away needs no new process', async () => {
      await using world = await gateWorld();
      await world.load(['localhost']);
      const { restarts } = world.gate.program.status;
      const pid = world.pid();
      await world.load(['localhost', 'more.example.test']);
      await world.load(['more.example.test']);
      expect(await world.connect('localhost')).toBe(403);
      await world.load(['localhost']);
      expect(await world.connect('localhost')).toBe(200);
      expect(world.gate.program.status.restarts).toBe(restarts);
      expect(world.pid()).toBe(pid);
    });

    test('what it takes for a downgrade is in force after a new start', async () => {
      await using world = await gateWorld();
      await world.load(['localhost']);
      const before = world.pid();
      await world.load(['localhost'], { 'llm.example.test': ['127.0.0.1'] });
      expect(world.pid()).not.toBe(before);
      expect(await world.connect('localhost')).toBe(200);
    });

    test('a configuration that it does not accept is refused with its words, the old one stays', async () => {
      await using world = await gateWorld();
      await world.load(['localhost']);
      const { configHash } = world.gate.status;
      world.gate.load(`${renderPipelockConfig(world.input(['localhost']))}bogus: 1\n`);
      await eventually('it was refused', () => world.gate.status.error !== null);
      expect(world.gate.status.error).toMatch(/bogus/);
      expect(world.gate.status).toMatchObject({ state: 'ready', configHash });
      expect(await world.connect('localhost')).toBe(200);
    });

    test('a process that is killed is degraded, then back with the same configuration', async () => {
      await using world = await gateWorld();
      await world.load(['localhost']);
      const { configHash } = world.gate.status;
      process.kill(world.pid(), 'SIGKILL');
      await eventually('it was missed', () =>
        world.seen.some(
          ({ state }, at) =>
            at > 0 && state === 'degraded' && world.seen[at - 1]?.state === 'ready',
        ),
      );
      await eventually('it is back', () => world.gate.status.state === 'ready');
      expect(world.gate.status.configHash).toBe(configHash);
      expect(await world.connect('localhost')).toBe(200);
    });

    test('a secret in a plain request is blocked', async () => {
      await using world = await gateWorld();
      await world.load(['localhost']);
      expect(await world.post('an ordinary text')).toBe(200);
      expect(await world.post('key=AKIAIOSFODNN7EXAMPLE')).toBe(403);
    });

    test('of several configurations in a row the last one ends in force', async () => {
      await using world = await gateWorld();
      const texts = [1, 2, 3, 4, 5].map((n) =>
        renderPipelockConfig(world.input(['localhost', `h${n}.example.test`])),
      );
      for (const text of texts) world.gate.load(text);
      const last = sha256(texts.at(-1) ?? '');
      await eventually(
        'the last is in force',
        () => world.gate.status.configHash === last && world.gate.status.state === 'ready',
      );
    });
  },
);

/** A gate over the real program, with an upstream on this machine's loopback. */
async function gateWorld() {
  const folder = await temporaryFolder();
  const upstream = createHttpServer((request, response) => {
    request.resume();
    request.once('end', () => response.end('hello'));
  }).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const upstreamPort = (upstream.address() as AddressInfo).port;
  const port = await freePort();
  const seen: PipelockStatus[] = [];
  const gate = new PipelockGate({
    program: program ?? '',
    folder: folder.path,
    port,
    environment: { PATH: process.env['PATH'] },
    backoffMs: () => 50,
    onLine: () => undefined,
    onChange: () => seen.push(gate.status),
  });
  const input = (
    hosts: readonly string[],
    known: { readonly [host: string]: readonly string[] } = {},
  ) => ({
    routes: hosts.map((host) => egressRoute(host)),
    allowlist: [],
    upstream: { hosts: { localhost: ['127.0.0.1', '::1'], ...known }, trustedCaPem: [] },
    extra: {},
  });
  return {
    gate,
    seen,
    input,
    pid: () => gate.program.pid ?? 0,
    async load(hosts: readonly string[], known = {}) {
      const text = renderPipelockConfig(input(hosts, known));
      gate.load(text);
      const wanted = sha256(text);
      await eventually(
        'the configuration is in force',
        () => gate.status.state === 'ready' && gate.status.configHash === wanted,
      );
    },
    connect: (host: string) =>
      exchange(
        port,
        `CONNECT ${host}:${upstreamPort} HTTP/1.1\r\nHost: ${host}:${upstreamPort}\r\n\r\n`,
      ),
    post: (body: string) =>
      exchange(
        port,
        `POST http://localhost:${upstreamPort}/ HTTP/1.1\r\nHost: localhost:${upstreamPort}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      ),
    async [Symbol.asyncDispose]() {
      await gate.stop(1000);
      upstream.closeAllConnections();
      upstream.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Status of the first answer to `text`. */
async function exchange(port: number, text: string): Promise<number> {
  const socket: Socket = connect(port, '127.0.0.1');
  socket.write(text);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer.toString('latin1'))?.[1]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
