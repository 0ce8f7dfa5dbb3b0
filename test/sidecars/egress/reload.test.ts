import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import type { EgressRoute } from '../../../src/model/egress-route.ts';
import { allowlistEntry, egressRoute } from '../../builders/desired.ts';
import { eventually } from '../../eventually.ts';
import { exchange, open, read, send, tunnel } from './agent-client.ts';
import { renderTable, startEgress, type TableParts } from './harness.ts';
import { startUpstream } from './upstream.ts';

const API = 'api.example.test';
const OTHER = 'other.example.test';

test('without a table everything is denied and the status says degraded', async () => {
  await using egress = await startEgress();
  expect(egress.status()).toMatchObject({ state: 'degraded', generation: 0, tableHash: null });
  const answer = await send(egress, 'http://api.example.test/');
  expect(answer.status).toBe(403);
  const health = await send(egress, 'http://_egress.local/healthz');
  expect(health.status).toBe(503);
});

test('a table that lets nothing pass is degraded, as one does whose last entry ends', async () => {
  await using egress = await startEgress({});
  expect(await egress.enforce({})).toMatchObject({ state: 'degraded', error: null });
  expect((await send(egress, 'http://_egress.local/healthz')).status).toBe(503);
  const expires = new Date(Date.now() + 1_500).toISOString();
  const ending = await egress.enforce({ allowlist: [{ ...allowlistEntry('a.test'), expires }] });
  expect(ending.state).toBe(Date.now() < Date.parse(expires) ? 'ready' : expect.any(String));
  await eventually('its end is told', () => egress.status()?.state === 'degraded');
  expect(await egress.enforce({ allowlist: [allowlistEntry('a.test')] })).toMatchObject({
    state: 'ready',
  });
});

test('a new table is enforced without a restart, and the same request then passes', async () => {
  await using upstream = await startUpstream([API]);
  await using egress = await startEgress({});
  const url = `https://${API}:${upstream.port}/x`;
  await expect(send(egress, url)).rejects.toThrow('403');
  const { instance } = await egress.enforce({
    routes: [egressRoute(API, { ports: [upstream.port] })],
    upstream: upstream.settings,
  });
  const answer = await send(egress, url);
  expect(answer.status).toBe(200);
  expect(egress.status()).toMatchObject({ instance, state: 'ready', error: null });
});

test('R44: a signal to reload is a hint: egress reads its table again and lives on', async () => {
  await using egress = await startEgress({});
  const { instance } = await egress.enforce({ allowlist: [allowlistEntry('one.test')] });
  process.kill(egress.pid, 'SIGHUP');
  const generation = egress.publish({ allowlist: [allowlistEntry('two.test')] });
  process.kill(egress.pid, 'SIGHUP');
  const status = await eventually('the new table is enforced', () => {
    const now = egress.status();
    return now?.generation === generation ? now : undefined;
  });
  expect(status).toMatchObject({ instance, state: 'ready', error: null });
  expect(status.allowlist).toEqual([allowlistEntry('two.test')]);
});

test('a live stream that the new table forbids is cut within a second, another one goes on', async () => {
  await using upstream = await startUpstream([API, OTHER], {
    handler: (_request, response) => {
      const beat = setInterval(() => response.write('beat\n'), 10);
      response.once('close', () => clearInterval(beat));
    },
  });
  const allow = (host: string) => egressRoute(host, { ports: [upstream.port] });
  await using egress = await startEgress({
    routes: [allow(API), allow(OTHER)],
    upstream: upstream.settings,
  });
  const forbidden = await open(egress, `https://${API}:${upstream.port}/`);
  const kept = await open(egress, `https://${OTHER}:${upstream.port}/`);
  let ended = false;
  let keptEnded = false;
  forbidden
    .on('error', () => undefined)
    .resume()
    .once('close', () => {
      ended = true;
    });
  kept
    .on('error', () => undefined)
    .resume()
    .once('close', () => {
      keptEnded = true;
    });
  await egress.enforce({ routes: [allow(OTHER)], upstream: upstream.settings });
  await eventually('the forbidden stream is cut', () => ended, 1000);
  let beats = 0;
  kept.on('data', () => {
    beats += 1;
  });
  await eventually('the other one still beats', () => beats > 3);
  expect(keptEnded).toBe(false);
  kept.destroy();
});

test.for([
  ['that must be looked at now', { dlp: { outbound: ['known_secrets'], onMatch: 'block' } }],
  ['whose credential was withdrawn', { auth: null }],
] as const)(
  'a live stream %s is cut, one under rules that stay as strict goes on',
  async ([, stricter]) => {
    await using upstream = await startUpstream([API, OTHER], {
      handler: (_request, response) => response.write('begun\n'),
    });
    const route = (host: string, partial: Partial<EgressRoute> = {}) =>
      egressRoute(host, {
        ports: [upstream.port],
        auth: { scheme: 'Bearer', secret: 'api' },
        ...partial,
      });
    const table = { upstream: upstream.settings, secrets: { api: 'long-enough-a-value' } };
    await using egress = await startEgress({ ...table, routes: [route(API), route(OTHER)] });
    const [live, kept] = await Promise.all(
      [API, OTHER].map((host) => open(egress, `https://${host}:${upstream.port}/`)),
    );
    for (const each of [live, kept]) each?.on('error', () => undefined).resume();
    await egress.enforce({
      ...table,
      routes: [route(API, stricter), route(OTHER, { git: { fetch: true } })],
    });
    await eventually('it is cut', () => live?.closed === true, 1000);
    expect(kept?.closed).toBe(false);
    kept?.destroy();
  },
);

test('a half-sent upload that the new table forbids is cut', async () => {
  await using upstream = await startUpstream([API]);
  await using egress = await startEgress({
    routes: [egressRoute(API, { ports: [upstream.port] })],
    upstream: upstream.settings,
  });
  const socket = await tunnel(egress, { target: `${API}:${upstream.port}` });
  socket.write(
    `POST /x HTTP/1.1\r\nHost: ${API}:${upstream.port}\r\nContent-Length: 1000000\r\n\r\nhalf`,
  );
  await eventually('the upload has begun', () => upstream.seen.length === 1);
  const end = exchange(socket, '');
  await egress.enforce({ upstream: upstream.settings });
  expect(await end).toBe('');
});

test('a live stream is cut when its address is no longer one of its host', async () => {
  await using upstream = await startUpstream([API], {
    handler: (_request, response) => {
      response.write('begun');
    },
  });
  const rule = (address: string) => ({
    routes: [egressRoute(API, { ports: [upstream.port] })],
    upstream: { ...upstream.settings, hosts: { [API]: [address] } },
  });
  await using egress = await startEgress(rule('127.0.0.1'));
  const live = await open(egress, `https://${API}:${upstream.port}/`);
  let ended = false;
  live
    .on('error', () => undefined)
    .resume()
    .once('close', () => {
      ended = true;
    });
  await egress.enforce(rule('127.0.0.2'));
  await eventually('the stream is cut', () => ended, 1000);
});

test('a route that expires ends what it allowed', async () => {
  await using upstream = await startUpstream([API], {
    handler: (_request, response) => {
      response.write('begun');
    },
  });
  const rule = (expires: string | null) => ({
    routes: [egressRoute(API, { ports: [upstream.port], expires })],
    upstream: upstream.settings,
  });
  await using egress = await startEgress(rule(null));
  const live = await open(egress, `https://${API}:${upstream.port}/`);
  let ended = false;
  live
    .on('error', () => undefined)
    .resume()
    .once('close', () => {
      ended = true;
    });
  await egress.enforce(rule(new Date(Date.now() + 200).toISOString()));
  await eventually('the stream ends with its route', () => ended, 2000);
});

const GOOD: TableParts = { allowlist: [allowlistEntry('open.test')], secrets: { k: 'v' } };
const text = (
  parts: TableParts,
  change: (table: { [name: string]: unknown }) => void = () => undefined,
) => {
  const { table, secrets } = renderTable(2, parts);
  const changed = structuredClone(table) as { [name: string]: unknown };
  change(changed);
  return { 'table.json': JSON.stringify(changed), 'secrets.json': JSON.stringify(secrets) };
};

test.for([
  [
    'is not JSON',
    { 'table.json': '{"generation": 2, sk-secret', 'secrets.json': '{}' },
    'not valid JSON',
  ],
  ['is missing', { 'secrets.json': '{}' }, 'ENOENT'],
  [
    'has an unknown member',
    text(GOOD, (table) => {
      table['quota'] = [];
    }),
    'unknown member "quota"',
  ],
  [
    'lacks a member',
    text(GOOD, (table) => {
      delete table['routes'];
    }),
    'table.routes is not a list',
  ],
  [
    'was changed after it was hashed',
    text(GOOD, (table) => {
      table['allowlist'] = [];
    }),
    'hash',
  ],
  [
    'comes with secrets of another generation',
    {
      ...text(GOOD),
      'secrets.json': JSON.stringify({ k: { version: 'old', value: 'sk-secret' } }),
    },
    'another version',
  ],
  ['comes without a secret', { ...text(GOOD), 'secrets.json': '{}' }, 'another version'],
  [
    'has a regular expression that does not compile',
    text({
      routes: [
        egressRoute('a.test', {
          matches: [{ paths: [{ kind: 'regex', value: '(' }], methods: [], headers: [] }],
        }),
      ],
    }),
    'regular expression',
  ],
  [
    'has an address range that is none',
    text({ routes: [egressRoute('a.test', { addresses: ['10.0.0.0/99'] })] }),
    '',
  ],
] as const)(
  'a table that %s is refused and the one before it stays in force',
  async ([, files, reason]) => {
    await using egress = await startEgress(GOOD);
    egress.publishFiles(files);
    const status = await eventually('the refusal is reported', () => {
      const now = egress.status();
      return now?.error == null ? undefined : now;
    });
    expect(status).toMatchObject({ generation: 1, state: 'ready', allowlist: GOOD.allowlist });
    expect(status.error).toContain(reason);
    expect(JSON.stringify(status) + egress.output).not.toContain('sk-secret');
    const next = await egress.enforce({});
    expect(next).toMatchObject({ error: null, refusedGeneration: null, allowlist: [] });
  },
);

test('the refusal names the generation that was refused', async () => {
  await using egress = await startEgress(GOOD);
  egress.publishFiles(
    text(GOOD, (table) => {
      table['quota'] = [];
    }),
  );
  await eventually('the refusal is reported', () => egress.status()?.refusedGeneration === 2);
});

test('100 reloads under load fail no request', async () => {
  await using upstream = await startUpstream([API]);
  const parts = (index: number): TableParts => ({
    routes: [egressRoute(API, { ports: [upstream.port], auth: { scheme: 'Bearer', secret: 'k' } })],
    allowlist: [allowlistEntry(`host-${index}.test`)],
    upstream: upstream.settings,
    secrets: { k: `value-${index}` },
  });
  await using egress = await startEgress(parts(0));
  const target = `${API}:${upstream.port}`;
  const request = `GET /x HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
  let isOver = false;
  const statuses: string[] = [];
  const workers = Array.from({ length: 4 }, async () => {
    const socket = await tunnel(egress, { target });
    while (!isOver) {
      const answer = await one(socket, request);
      statuses.push(answer.slice(9, 12));
    }
    socket.destroy();
  });
  for (let index = 1; index <= 100; index += 1) await egress.enforce(parts(index));
  isOver = true;
  await Promise.all(workers);
  expect(statuses.length).toBeGreaterThan(100);
  expect(new Set(statuses)).toEqual(new Set(['200']));
});

test('the authority survives a restart and its key stays private', async () => {
  await using egress = await startEgress({});
  const before = egress.status();
  const key = join(egress.root, 'egress/state/ca-key.pem');
  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(readFileSync(egress.caFile, 'utf8')).toBe(before?.caPem);
  await egress.stop();
  await egress.start();
  const after = egress.status();
  expect(after?.caPem).toBe(before?.caPem);
  expect(after?.instance).not.toBe(before?.instance);
  expect(existsSync(join(egress.root, 'egress/out/ca-key.pem'))).toBe(false);
});

test('trailers of the upstream reach the client', async () => {
  await using upstream = await startUpstream([API], {
    handler: (_request, response) => {
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    },
  });
  await using egress = await startEgress({
    routes: [egressRoute(API, { ports: [upstream.port] })],
    upstream: upstream.settings,
  });
  const response = await open(egress, `https://${API}:${upstream.port}/`);
  expect(await read(response)).toMatchObject({ status: 200, body: 'body' });
  expect(response.trailers).toEqual({ 'x-sum': '42' });
});

test('an upstream that breaks off in its answer ends the client’s too, visibly', async () => {
  await using upstream = await startUpstream([API], {
    handler: (_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
      setImmediate(() => response.destroy());
    },
  });
  await using egress = await startEgress({
    routes: [egressRoute(API, { ports: [upstream.port] })],
    upstream: upstream.settings,
  });
  const response = await open(egress, `https://${API}:${upstream.port}/`);
  await expect(read(response)).rejects.toThrow('aborted');
});

test('the answer to an upload may come before its end', async () => {
  await using upstream = await startUpstream([API], {
    handler: (_request, response) => {
      response.writeHead(413, { connection: 'close' }).end('too large');
    },
  });
  await using egress = await startEgress({
    routes: [egressRoute(API, { ports: [upstream.port] })],
    upstream: upstream.settings,
  });
  const socket = await tunnel(egress, { target: `${API}:${upstream.port}` });
  const answer = await exchange(
    socket,
    `POST /x HTTP/1.1\r\nHost: ${API}:${upstream.port}\r\nContent-Length: 1000000\r\n\r\nhalf`,
    (received) => received.includes('too large'),
  );
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  socket.destroy();
});

test('an upstream that is not trusted is never sent the request', async () => {
  await using upstream = await startUpstream([API]);
  const rule = { routes: [egressRoute(API, { ports: [upstream.port] })] };
  await using egress = await startEgress({
    ...rule,
    upstream: { hosts: upstream.settings.hosts },
  });
  const refused = await send(egress, `https://${API}:${upstream.port}/`);
  expect(refused.status).toBe(502);
  expect(upstream.seen).toEqual([]);
  await egress.enforce({ ...rule, upstream: upstream.settings });
  const answer = await read(await open(egress, `https://${API}:${upstream.port}/`));
  expect(answer.status).toBe(200);
});

/** One request on a kept connection. */
function one(socket: TLSSocket, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const take = (chunk: Buffer): void => {
      received += chunk.toString('latin1');
      if (!received.includes('"bodyBytes"')) return;
      finish();
      resolve(received);
    };
    const fail = (): void => {
      finish();
      reject(new Error(`the connection ended after ${received}`));
    };
    const finish = (): void => {
      socket.off('data', take).off('close', fail);
    };
    socket.on('data', take).once('close', fail);
    socket.write(request);
  });
}
