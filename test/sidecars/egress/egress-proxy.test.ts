import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { egressRoute } from '../../builders/desired.ts';
import { dial, exchange, open, read, send, tunnel } from './agent-client.ts';
import { type EgressHarness, startEgress } from './harness.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const API = 'api.example.test';
const OTHER = 'other.example.test';
const PLAIN = 'plain.example.test';
const SECRET = 'sk-live-value';

let upstream: Upstream;
let plain: Upstream;
let egress: EgressHarness;

beforeAll(async () => {
  upstream = await startUpstream([API, OTHER, 'inner.example.test']);
  plain = await startUpstream([PLAIN], { plain: true });
  egress = await startEgress({
    routes: [
      egressRoute(API, {
        ports: [upstream.port],
        matches: [
          {
            paths: [{ kind: 'prefix', value: '/v1/' }],
            methods: ['GET', 'POST', 'PUT'],
            headers: [],
          },
        ],
        auth: { scheme: 'Bearer', secret: 'api' },
      }),
      egressRoute(OTHER, {
        ports: [upstream.port],
        auth: { scheme: 'header', header: 'X-Api-Key', secret: 'absent' },
      }),
      egressRoute(PLAIN, { ports: [plain.port] }),
      egressRoute('private.example.test', { ports: [upstream.port, 80] }),
      egressRoute('127.0.0.1', { ports: [upstream.port] }),
    ],
    upstream: {
      hosts: { ...upstream.settings.hosts, ...plain.settings.hosts },
      trustedCaPem: upstream.settings.trustedCaPem,
    },
    secrets: { api: SECRET },
  });
});

afterAll(async () => {
  await egress?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
  await plain?.[Symbol.asyncDispose]();
});

const api = (path: string) => `https://${API}:${upstream.port}${path}`;

describe('what a route allows', () => {
  test('passes with the credential of the route in place of the agent’s', async () => {
    const answer = await send(egress, api('/v1/items?q=1'), {
      headers: {
        authorization: 'Bearer placeholder',
        'proxy-authorization': 'Basic eA==',
        'x-http-method-override': 'DELETE',
        'x-original-url': '/admin',
        'x-forwarded-host': 'other.test',
        x_original_url: '/admin',
        content_length: '3',
        'x-kept': 'yes',
        x_kept: 'yes',
      },
    });
    expect(answer.status).toBe(200);
    const { headers, url } = JSON.parse(answer.body);
    expect(url).toBe('/v1/items?q=1');
    const kept = { 'x-kept': 'yes', x_kept: 'yes' };
    expect(headers).toMatchObject({ authorization: `Bearer ${SECRET}`, ...kept });
    expect(headers).not.toHaveProperty('x_original_url');
    expect(headers).not.toHaveProperty('content_length');
    expect(headers).not.toHaveProperty('proxy-authorization');
    expect(headers).not.toHaveProperty('x-http-method-override');
    expect(headers).not.toHaveProperty('x-original-url');
    expect(headers).not.toHaveProperty('x-forwarded-host');
  });

  test('passes over plain HTTP by the same rules', async () => {
    const answer = await send(egress, `http://${PLAIN}:${plain.port}/x`);
    expect(JSON.parse(answer.body)).toMatchObject({ method: 'GET', url: '/x' });
    const denied = await send(egress, `http://denied.example.test/x`);
    expect(denied.status).toBe(403);
  });

  test('carries many requests over one kept connection', async () => {
    const socket = await tunnel(egress, { target: `${API}:${upstream.port}` });
    const text = `GET /v1/a HTTP/1.1\r\nHost: ${API}:${upstream.port}\r\n\r\n`;
    const answers = await exchange(
      socket,
      text.repeat(3),
      (received) => received.split('200 OK').length > 3,
    );
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    socket.destroy();
  });

  test('streams an upload of many megabytes whole', async () => {
    const body = Buffer.alloc(12_000_000, 'a');
    const answer = await send(egress, api('/v1/upload'), { method: 'POST', body });
    expect(JSON.parse(answer.body)).toMatchObject({ method: 'POST', bodyBytes: body.length });
  });

  test('answers 100-continue only where the request may pass', async () => {
    const request = (path: string) =>
      `PUT ${path} HTTP/1.1\r\nHost: ${API}:${upstream.port}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`;
    const allowed = await tunnel(egress, { target: `${API}:${upstream.port}` });
    const interim = await exchange(allowed, request('/v1/x'), (received) =>
      received.includes('\r\n\r\n'),
    );
    expect(interim).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    const final = await exchange(allowed, 'body', (received) => received.includes('bodyBytes'));
    expect(final).toContain('"bodyBytes":4');
    allowed.destroy();
    const denied = await tunnel(egress, { target: `${API}:${upstream.port}` });
    const refusal = await exchange(denied, request('/v2/x'));
    expect(refusal).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe('what no rule allows', () => {
  test('is refused with a body that says what to do', async () => {
    const answer = await send(egress, api('/v2/items'), { method: 'POST', body: 'x' });
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toEqual({
      error: 'egress_denied',
      host: API,
      path: '/v2/items',
      method: 'POST',
      reason: expect.stringContaining('none matches'),
      try: expect.stringContaining('egress-block'),
    });
  });

  test('is refused as text for a client that takes nothing else', async () => {
    const answer = await send(egress, 'https://denied.example.test/', {
      headers: { accept: 'text/plain' },
    });
    expect(answer.headers['content-type']).toContain('text/plain');
    expect(answer.body).toContain('error: egress_denied');
  });

  test.for([
    ['a method that is not listed', 'DELETE', '/v1/x'],
    ['a look-alike of the prefix', 'GET', '/v1x'],
    ['a dot segment', 'GET', '/v1/%2e%2e/admin'],
    ['an encoded slash', 'GET', '/v1/..%2fadmin'],
    ['an empty segment', 'GET', '/v1//admin'],
    ['an encoded line feed', 'GET', '/v1/x%0d%0aX: y'.replace(' ', '%20')],
  ] as const)('%s', async ([, method, path]) => {
    const before = upstream.seen.length;
    const socket = await tunnel(egress, { target: `${API}:${upstream.port}` });
    const answer = await exchange(
      socket,
      `${method} ${path} HTTP/1.1\r\nHost: ${API}:${upstream.port}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(upstream.seen).toHaveLength(before);
  });

  test('a route whose credential is missing on the host is never sent bare', async () => {
    const answer = await send(egress, `https://${OTHER}:${upstream.port}/`);
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('absent');
  });

  test('a literal address is refused as not public, although a route lists it', async () => {
    const answer = await send(egress, `https://127.0.0.1:${upstream.port}/`);
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('not public');
  });

  test('a WebSocket upgrade without a key is refused', async () => {
    const socket = await tunnel(egress, { target: `${API}:${upstream.port}` });
    const answer = await exchange(
      socket,
      `GET /v1/ws HTTP/1.1\r\nHost: ${API}:${upstream.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      (received) => received.includes('WebSocket'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });
});

describe('one authority', () => {
  test.for([
    ['Host names another host', API, undefined, OTHER],
    ['the TLS name is another host', API, OTHER, API],
    ['Host and TLS name agree against CONNECT', API, OTHER, OTHER],
    ['Host has another port', API, undefined, `${API}:1`],
  ] as const)('421 where %s', async ([, target, serverName, host]) => {
    const before = upstream.seen.length;
    const socket = await tunnel(egress, {
      target: `${target}:${upstream.port}`,
      ...(serverName === undefined ? {} : { serverName }),
    });
    const hostHeader = host.includes(':') ? host : `${host}:${upstream.port}`;
    const answer = await exchange(
      socket,
      `GET /v1/x HTTP/1.1\r\nHost: ${hostHeader}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 421 /);
    expect(upstream.seen).toHaveLength(before);
  });

  test('a client that names no TLS server is held to the CONNECT target', async () => {
    const socket = await tunnel(egress, { target: `${API}:${upstream.port}`, serverName: null });
    const answer = await exchange(
      socket,
      `GET /v1/x HTTP/1.1\r\nHost: ${API}:${upstream.port}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('a CONNECT whose Host differs is refused before TLS', async () => {
    const answer = await exchange(
      dial(egress),
      `CONNECT ${API}:443 HTTP/1.1\r\nHost: ${OTHER}:443\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 421 /);
  });

  test.for([
    ['a port that no rule declares', 'api.example.test:22'],
    ['an octal address', '0177.0.0.1:443'],
    ['a decimal address', '2130706433:443'],
    ['a short address', '127.1:443'],
    ['a trailing dot', 'api.example.test.:443'],
    ['user information', 'user@api.example.test:443'],
  ] as const)('CONNECT to %s is refused', async ([, target]) => {
    const answer = await exchange(
      dial(egress),
      `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 40[03] /);
  });

  test('CONNECT inside a tunnel is refused', async () => {
    const socket = await tunnel(egress, { target: `${API}:${upstream.port}` });
    const answer = await exchange(
      socket,
      `CONNECT ${API}:443 HTTP/1.1\r\nHost: ${API}:443\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('what is not TLS inside a tunnel is cut', async () => {
    const socket = dial(egress);
    const target = `${API}:${upstream.port}`;
    await exchange(socket, `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`, (received) =>
      received.includes('200'),
    );
    const answer = await exchange(socket, 'GET /v1/x HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(answer).not.toContain('200');
  });
});

describe('requests with two readings', () => {
  const hostHeader = () => `Host: ${API}:${upstream.port}\r\n`;
  test.for([
    ['both length headers', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'],
    ['two lengths', 'Content-Length: 4\r\nContent-Length: 5\r\n', 'abcde'],
    ['a coding after chunked', 'Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'],
    ['a blank before the colon', 'Transfer-Encoding : chunked\r\n', '0\r\n\r\n'],
    ['a folded header', 'X-A: 1\r\n Transfer-Encoding: chunked\r\n', ''],
    ['a bare line feed', 'X-A: 1\nX-B: 2\r\n', ''],
    ['two Hosts', 'Host: other.example.test\r\n', ''],
    ['a header that Connection would drop', 'X-A: 1\r\nConnection: X-A\r\n', ''],
  ] as const)('%s are refused', async ([, headers, body]) => {
    const before = upstream.seen.length;
    const socket = await tunnel(egress, { target: `${API}:${upstream.port}` });
    const answer = await exchange(
      socket,
      `POST /v1/x HTTP/1.1\r\n${hostHeader()}${headers}\r\n${body}`,
      (received) => received.includes('\r\n\r\n'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(upstream.seen).toHaveLength(before);
    socket.destroy();
  });

  test('the same request without them passes', async () => {
    const socket = await tunnel(egress, { target: `${API}:${upstream.port}` });
    const answer = await exchange(
      socket,
      `POST /v1/x HTTP/1.1\r\n${hostHeader()}Content-Length: 4\r\nConnection: close\r\n\r\nabcd`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('the proxy’s own name', () => {
  test('tells the live table without values, and its health', async () => {
    const table = await send(egress, 'http://_egress.local/allowlist');
    expect(JSON.parse(table.body)).toMatchObject({ generation: 1, state: 'ready' });
    expect(table.body).toContain(API);
    expect(table.body).not.toContain(SECRET);
    const health = await send(egress, 'http://_egress.local/healthz');
    expect(health.status).toBe(200);
  });

  test('answers a client that talks to it as to a server', async () => {
    const answer = await exchange(
      dial(egress),
      'GET /_egress.local/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });
});

test('no secret is in the status or the log', async () => {
  await read(await open(egress, api('/v1/last')));
  expect(JSON.stringify(egress.status())).not.toContain(SECRET);
  expect(egress.output).not.toContain(SECRET);
  expect(egress.output).toContain('request denied');
});
