import { createHash } from 'node:crypto';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { egressRoute } from '../../builders/desired.ts';
import { eventually } from '../../eventually.ts';
import { dial, exchange, send, tunnel } from './agent-client.ts';
import { startEgress } from './harness.ts';
import { ask, http2Session } from './http2-client.ts';
import { selfSigned, startUpstream } from './upstream.ts';

const API = 'api.example.test';
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

describe('HTTP/2 from the agent', () => {
  test('carries requests with bodies, and a refusal of one leaves the others', async () => {
    await using upstream = await startUpstream([API]);
    await using egress = await startEgress({
      routes: [
        egressRoute(API, {
          ports: [upstream.port],
          matches: [{ paths: [{ kind: 'prefix', value: '/v1/' }], methods: [], headers: [] }],
          auth: { scheme: 'Bearer', secret: 'k' },
        }),
      ],
      upstream: upstream.settings,
      secrets: { k: 'value' },
    });
    const session = await http2Session(egress, `${API}:${upstream.port}`);
    const answers = await Promise.all([
      ask(session, { ':path': '/v1/a' }),
      ask(session, { ':path': '/v2/a' }),
      ask(session, { ':path': '/v1/b', ':method': 'POST', authorization: 'mine' }, 'body'),
      ask(session, { ':path': '/v1/a', ':authority': 'other.example.test' }),
      ask(session, { ':path': '/v1/a', host: 'other.example.test' }),
      ask(session, { ':path': '/v1/a', ':method': 'GET' }, 'body'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 403, 200, 421, 421, 400]);
    const echo = JSON.parse(answers[2]?.body ?? '');
    expect(echo).toMatchObject({ method: 'POST', bodyBytes: 4 });
    expect(echo.headers.authorization).toBe('Bearer value');
    expect(upstream.seen).toHaveLength(2);
  });

  test('loses single streams to a new table, not the connection', async () => {
    await using upstream = await startUpstream([API], {
      handler: (_request, response) => {
        response.write('begun');
      },
    });
    const parts = (paths: readonly string[]) => ({
      routes: [
        egressRoute(API, {
          ports: [upstream.port],
          matches: [
            {
              paths: paths.map((value) => ({ kind: 'exact' as const, value })),
              methods: [],
              headers: [],
            },
          ],
        }),
      ],
      upstream: upstream.settings,
    });
    await using egress = await startEgress(parts(['/a', '/b']));
    const session = await http2Session(egress, `${API}:${upstream.port}`);
    const [cut, kept] = ['/a', '/b'].map((path) => session.request({ ':path': path }));
    for (const stream of [cut, kept]) stream?.on('error', () => undefined).resume();
    await eventually('both are under way', () => upstream.seen.length === 2);
    await egress.enforce(parts(['/b']));
    await eventually('the forbidden one ends', () => cut?.closed === true, 1000);
    expect([kept?.closed, session.closed]).toEqual([false, false]);
  });

  test('ends a connection that floods it with pings', async () => {
    await using egress = await startEgress({});
    const session = await http2Session(egress, `${API}:443`);
    for (let count = 0; count < 1000; count += 1) session.ping(() => undefined);
    await eventually('the connection ends', () => session.destroyed, 5000);
  });
});

test('an upstream that speaks HTTP/2 alone is reached from both protocols', async () => {
  const certificate = selfSigned([API]);
  const server = createSecureServer(certificate, (request, response) => {
    response.setHeader('x-version', request.httpVersion);
    response.end(request.url);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ended.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  await using egress = await startEgress({
    routes: [egressRoute(API, { ports: [port] })],
    upstream: { hosts: { [API]: ['127.0.0.1'] }, trustedCaPem: [certificate.cert] },
  });
  const one = await send(egress, `https://${API}:${port}/one`);
  expect([one.status, one.headers['x-version'], one.body]).toEqual([200, '2.0', '/one']);
  const session = await http2Session(egress, `${API}:${port}`);
  expect(await ask(session, { ':path': '/two' })).toMatchObject({ status: 200, body: '/two' });
});

describe('WebSocket', () => {
  const KEY = Buffer.alloc(16, 1).toString('base64');
  const start = async (accept: (key: string) => string) => {
    const server = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .once('data', (head) => {
          const key = /sec-websocket-key: (\S+)/i.exec(head.toString())?.[1] ?? '';
          socket.write(
            `HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept(key)}\r\n\r\n`,
          );
          socket.on('data', (bytes) => socket.write(bytes));
        });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ended.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const upstream = { hosts: { [API]: ['127.0.0.1'] } };
    const egress = await startEgress({ routes: [egressRoute(API, { ports: [port] })], upstream });
    ended.push(() => egress[Symbol.asyncDispose]());
    const head = `GET http://${API}:${port}/ws HTTP/1.1\r\nHost: ${API}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`;
    return { egress, head, upstream };
  };
  const rightAnswer = (key: string) =>
    createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

  test('passes bytes both ways, and is cut by a table that forbids it', async () => {
    const { egress, head, upstream } = await start(rightAnswer);
    const socket = dial(egress);
    expect(await exchange(socket, head, (got) => got.includes('\r\n\r\n'))).toContain(' 101 ');
    expect(await exchange(socket, 'ping', (got) => got.includes('ping'))).toBe('ping');
    await egress.enforce({ upstream });
    await eventually('the WebSocket is cut', () => socket.destroyed, 1000);
  });

  test('is not opened by a 101 that does not answer the key', async () => {
    const { egress, head } = await start(() => 'wrong');
    expect(await exchange(dial(egress), head, (got) => got.includes('error'))).toMatch(
      /^HTTP\/1\.1 502 /,
    );
  });
});

test('everything is dialled through the upstream proxy, where there is one', async () => {
  await using upstream = await startUpstream([API]);
  const asked: string[] = [];
  const proxy = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', (head) => {
        const target = head.toString().split(' ')[1] ?? '';
        asked.push(target);
        if (!target.startsWith(API)) {
          socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
          return;
        }
        const onward = connect(upstream.port, '127.0.0.1');
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket
          .pipe(onward)
          .on('error', () => undefined)
          .pipe(socket);
      });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  ended.push(() => proxy.close());
  const ports = [upstream.port];
  await using egress = await startEgress({
    routes: [egressRoute(API, { ports }), egressRoute('other.example.test', { ports })],
    upstream: {
      hosts: {},
      trustedCaPem: upstream.settings.trustedCaPem,
      proxy: { host: '127.0.0.1', port: (proxy.address() as AddressInfo).port },
    },
  });
  expect((await send(egress, `https://${API}:${upstream.port}/`)).status).toBe(200);
  const refused = await send(egress, `https://other.example.test:${upstream.port}/`);
  expect([refused.status, refused.body]).toEqual([502, expect.stringContaining('EPROXY_403')]);
  expect(asked).toEqual([`${API}:${upstream.port}`, `other.example.test:${upstream.port}`]);
});

describe('trailers of an upload', () => {
  test('reach the upstream, but not those that would be credentials', async () => {
    let trailers: readonly string[] = [];
    await using upstream = await startUpstream([API], {
      handler: (request, response) => {
        request.resume().once('end', () => {
          trailers = request.rawTrailers;
          response.end('done');
        });
      },
    });
    await using egress = await startEgress({
      routes: [egressRoute(API, { ports: [upstream.port] })],
      upstream: upstream.settings,
    });
    const target = `${API}:${upstream.port}`;
    const socket = await tunnel(egress, { target });
    const head = `POST / HTTP/1.1\r\nHost: ${target}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const body = '4\r\nbody\r\n0\r\nX-Sum: 42\r\nAuthorization: mine\r\n\r\n';
    expect(await exchange(socket, head + body, (got) => got.includes('done'))).toContain(' 200 ');
    expect(trailers).toEqual(['X-Sum', '42']);
    socket.destroy();
  });

  test.for([
    ['an extension', '4;a=b\r\nbody\r\n0\r\n\r\n'],
    ['a sign', '+4\r\nbody\r\n0\r\n\r\n'],
    ['a bare line feed', '4\nbody\n0\n\n'.padEnd(600, 'x')],
    ['more data than its size', '3\r\nbody\r\n0\r\n\r\n'],
  ] as const)('a chunk with %s ends the connection', async ([, body]) => {
    await using upstream = await startUpstream([API]);
    await using egress = await startEgress({
      routes: [egressRoute(API, { ports: [upstream.port] })],
      upstream: upstream.settings,
    });
    const target = `${API}:${upstream.port}`;
    const socket = await tunnel(egress, { target });
    const head = `POST / HTTP/1.1\r\nHost: ${target}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(await exchange(socket, head + body)).toBe('');
  });
});
