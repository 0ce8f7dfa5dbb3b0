import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../src/sidecars/egress/authority.ts';
import { readRequest } from '../../../src/sidecars/egress/read-request.ts';
import { egressRoute } from '../../builders/desired.ts';
import { dial, exchange, send } from './agent-client.ts';
import { type EgressHarness, startEgress } from './harness.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const PLAIN = 'plain.example.test';

let upstream: Upstream;
let egress: EgressHarness;

beforeAll(async () => {
  upstream = await startUpstream([PLAIN], { plain: true });
  const ports = [upstream.port];
  egress = await startEgress({
    routes: [
      egressRoute(PLAIN, {
        ports,
        matches: [
          { paths: [], methods: [], headers: [{ name: 'x-team', exact: 'blue' }] },
          { paths: [{ kind: 'exact', value: '/open' }], methods: [], headers: [] },
        ],
      }),
      egressRoute('localhost', { ports }),
    ],
    upstream: upstream.settings,
  });
});

afterAll(async () => {
  await egress?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
});

const authority = (): string => `${PLAIN}:${upstream.port}`;
const raw = (head: string) => exchange(dial(egress), `${head}\r\nConnection: close\r\n\r\n`);

describe('plain HTTP', () => {
  test('an absolute URL passes, also with a Host in capitals', async () => {
    const answer = await raw(
      `GET http://${authority()}/open HTTP/1.1\r\nHost: ${authority().toUpperCase()}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.for([
    [
      'a Host that is not the one of the URL',
      421,
      (): string => `GET http://${authority()}/open HTTP/1.1\r\nHost: other.test`,
    ],
    [
      'user information in the URL',
      403,
      (): string => `GET http://x@${authority()}/open HTTP/1.1\r\nHost: ${authority()}`,
    ],
    [
      'a user that looks like the allowed host',
      403,
      (): string => `GET http://${PLAIN}@evil.test/open HTTP/1.1\r\nHost: evil.test`,
    ],
    [
      'https in a plain request',
      400,
      (): string => `GET https://${authority()}/open HTTP/1.1\r\nHost: ${authority()}`,
    ],
    [
      'another scheme',
      400,
      (): string => `GET ftp://${authority()}/open HTTP/1.1\r\nHost: ${authority()}`,
    ],
    ['no Host', 400, (): string => `GET http://${authority()}/open HTTP/1.0`],
    ['an asterisk', 400, (): string => `OPTIONS * HTTP/1.1\r\nHost: ${authority()}`],
  ] as const)('%s is answered %i', async ([, status, head]) => {
    const before = upstream.seen.length;
    expect(await raw(head())).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(upstream.seen).toHaveLength(before);
  });

  test('an offer to upgrade to h2c is dropped, the request passes as it is', async () => {
    const answer = await raw(
      `GET http://${authority()}/open HTTP/1.1\r\nHost: ${authority()}\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nConnection: Upgrade, HTTP2-Settings`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(upstream.seen.at(-1)?.headers).not.toHaveProperty('upgrade');
    expect(upstream.seen.at(-1)?.headers).not.toHaveProperty('http2-settings');
  });
});

describe('a body where some servers expect none and read it as the next request', () => {
  const hidden = 'GET /closed HTTP/1.1\r\nHost: x\r\n\r\n';
  const asked = (method: string, framing: string, body: string) =>
    exchange(
      dial(egress),
      `${method} http://${authority()}/open HTTP/1.1\r\nHost: ${authority()}\r\n${framing}\r\nConnection: close\r\n\r\n${body}`,
    );
  const counted = `Content-Length: ${hidden.length}`;
  const chunked = 'Transfer-Encoding: chunked';

  test.for([
    ['GET', counted, hidden],
    ['HEAD', counted, hidden],
    ['GET', chunked, `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`],
    ['GET', chunked, '0\r\n\r\n'],
  ] as const)('is refused: %s with %s', async ([method, framing, body]) => {
    const before = upstream.seen.length;
    expect(await asked(method, framing, body)).toMatch(/^HTTP\/1\.1 400 /);
    expect(upstream.seen).toHaveLength(before);
  });

  test.for([
    ['GET', 'Content-Length: 0', ''],
    ['POST', counted, hidden],
    ['DELETE', counted, hidden],
  ] as const)('passes as %s with %s', async ([method, framing, body]) => {
    const before = upstream.seen.length;
    expect(await asked(method, framing, body)).toMatch(/^HTTP\/1\.1 200 /);
    expect(upstream.seen).toHaveLength(before + 1);
  });
});

describe('a header that a route asks for', () => {
  const get = (headers: string) =>
    raw(`GET http://${authority()}/team HTTP/1.1\r\nHost: ${authority()}${headers}`);

  test('lets the request pass', async () => {
    expect(await get('\r\nX-Team: blue')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.for([
    ['is absent', ''],
    ['has another value', '\r\nX-Team: red'],
    ['is sent twice', '\r\nX-Team: blue\r\nX-Team: red'],
  ] as const)('that %s does not', async ([, headers]) => {
    expect(await get(headers)).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe('a name that resolves to a private address', () => {
  test('is refused, and passes where the route declares the range', async () => {
    const url = (): string => `http://localhost:${upstream.port}/`;
    const refused = await send(egress, url());
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('not public');
    await using open = await startEgress({
      routes: [egressRoute('localhost', { ports: [upstream.port], addresses: ['127.0.0.0/8'] })],
    });
    const allowed = await send(open, url());
    expect(allowed.status).toBe(200);
  });
});

describe('whatever an agent sends', () => {
  const junk = fc.string({ unit: 'binary', maxLength: 60 });

  test('a host is either refused or in its one form', () => {
    fc.assert(
      fc.property(fc.oneof(junk, fc.domain(), fc.ipV4(), fc.ipV4Extended(), fc.ipV6()), (text) => {
        const parsed = parseAuthority(text, 443);
        if (parsed === null) return;
        const { host } = parsed;
        const again = host.includes(':') ? `[${host}]` : host;
        expect(parseAuthority(again, parsed.port)).toEqual(parsed);
        expect(URL.parse(`http://${again}/`)?.hostname).toBe(again);
      }),
    );
  });

  test('reading a request never throws', () => {
    const tunnel = { authority: { host: 'x.test', port: 443 }, serverName: 'x.test' };
    fc.assert(
      fc.property(junk, junk, junk, fc.boolean(), (url, host, connection, isTunnel) => {
        const headers = ['Host', host, 'Connection', connection];
        const read = readRequest({ method: 'GET', target: url, headers }, isTunnel ? tunnel : null);
        expect(['request', 'deny']).toContain(read.kind);
      }),
    );
  });
});
