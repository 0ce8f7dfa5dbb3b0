import type { RequestListener } from 'node:http';
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RouteDlp } from '../../../../src/model/egress-route.ts';
import { egressRoute } from '../../../builders/desired.ts';
import { type AgentRequest, type Answer, exchange, open, send, tunnel } from '../agent-client.ts';
import { type EgressHarness, startEgress } from '../harness.ts';
import { startUpstream, type Upstream } from '../upstream.ts';
import { TOKENS } from './tokens.ts';

const SECRET = 's3cr3t-Hunter2-of-the-suite';
const TOKEN = TOKENS.find(({ rule }) => rule === 'github')?.token ?? '';

const BLOCK = 'block.example.test';
const REDACT = 'redact.example.test';
const FREE = 'free.example.test';
const WILD = 'wild.example.test';

interface Arrived {
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** What arrived and was not asked for yet. */
let arrived: Arrived | null = null;
let upstream: Upstream;
let egress: EgressHarness;

const recorder: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { url = '', headers } = request;
    arrived = { url, headers, body: Buffer.concat(chunks) };
    answer(url, response);
  });
};

const answer = (url: string, response: Parameters<RequestListener>[1]): void => {
  switch (url) {
    case '/reflect':
      response.setHeader('x-echo', `Bearer ${SECRET}`);
      response.end(`you sent ${SECRET}, ${Buffer.from(`u:${SECRET}`).toString('base64')}.`);
      break;
    case '/pieces':
      response.write(`data: ${SECRET.slice(0, 9)}`);
      setImmediate(() => response.end(`${SECRET.slice(9)}\n\n`));
      break;
    case '/events':
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: one s3cr3t\n\n');
      break;
    case '/packed':
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync(SECRET));
      break;
    default:
      response.end('fine');
  }
};

beforeAll(async () => {
  upstream = await startUpstream([BLOCK, REDACT, FREE, WILD], { handler: recorder });
  const route = (host: string, onMatch: RouteDlp['onMatch'] | null) =>
    egressRoute(host, {
      ports: [upstream.port],
      dlp: onMatch === null ? null : { outbound: ['token_patterns', 'known_secrets'], onMatch },
      auth: host === BLOCK ? { scheme: 'Bearer', secret: 'api' } : null,
      addresses: ['127.0.0.1/32'],
    });
  const names = ['a', `${'x7'.repeat(30)}`].map((label) => `${label}.${WILD}`);
  egress = await startEgress({
    routes: [
      route(BLOCK, 'block'),
      route(REDACT, 'redact'),
      route(FREE, null),
      route(`*.${WILD}`, 'block'),
    ],
    upstream: {
      ...upstream.settings,
      hosts: {
        ...upstream.settings.hosts,
        ...Object.fromEntries(names.map((name) => [name, ['127.0.0.1']])),
      },
    },
    secrets: { api: SECRET },
  });
});

afterAll(async () => {
  await egress?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  arrived = null;
});

function ask(host: string, path: string, request: AgentRequest = {}): Promise<Answer> {
  return send(egress, `https://${host}:${upstream.port}${path}`, request);
}

function post(host: string, body: string | Buffer, headers: AgentRequest['headers'] = {}) {
  return ask(host, '/in', {
    method: 'POST',
    body,
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
  });
}

async function expectBlocked(answered: Promise<Answer>, detector: string): Promise<void> {
  const { status, body } = await answered;
  expect(status).toBe(403);
  expect(body).toContain(detector);
  expect(body).not.toContain(SECRET);
  expect(body).not.toContain(TOKEN);
  expect(arrived).toBeNull();
}

/** Gives what arrived. */
async function expectSent(answered: Promise<Answer>): Promise<Arrived> {
  expect((await answered).status).toBe(200);
  const request = arrived;
  arrived = null;
  if (request === null) throw new Error('nothing arrived');
  return request;
}

describe('a request with a secret never leaves, and the same without it does', () => {
  test('in the path and the query', async () => {
    for (const place of ['/a/', '/a?q=']) {
      await expectBlocked(ask(BLOCK, place + SECRET), 'known_secrets');
      await expectBlocked(ask(BLOCK, place + TOKEN), 'token_patterns');
      await expectBlocked(ask(BLOCK, place + Buffer.from(SECRET).toString('hex')), 'known_secrets');
      await expectSent(ask(BLOCK, `${place}harmless`));
    }
  });

  test('in headers, dealt out over them, and in their names', async () => {
    const [half, rest] = [SECRET.slice(0, 12), SECRET.slice(12)];
    await expectBlocked(ask(BLOCK, '/', { headers: { cookie: `a=${SECRET}` } }), 'known_secrets');
    await expectBlocked(
      ask(BLOCK, '/', { headers: { 'x-a': half, 'x-b': rest } }),
      'known_secrets',
    );
    await expectBlocked(ask(BLOCK, `/${half}`, { headers: { 'x-0': rest } }), 'known_secrets');
    await expectBlocked(ask(BLOCK, '/', { headers: { [SECRET]: 'x' } }), 'known_secrets');
    await expectSent(ask(BLOCK, '/', { headers: { cookie: 'a=b', 'x-a': half } }));
  });

  test('in the method', async () => {
    await using letters = await startEgress({
      routes: [
        egressRoute(BLOCK, {
          ports: [upstream.port],
          dlp: { outbound: ['known_secrets'], onMatch: 'redact' },
          addresses: ['127.0.0.1/32'],
        }),
      ],
      upstream: upstream.settings,
      secrets: { word: 'correct-horse-battery' },
    });
    const ask = async (method: string): Promise<string> => {
      const target = `${BLOCK}:${upstream.port}`;
      const socket = await tunnel(letters, { target });
      const request = `${method} /x HTTP/1.1\r\nHost: ${target}\r\nConnection: close\r\n\r\n`;
      return exchange(socket, request);
    };
    expect(await ask('CORRECT-HORSE-BATTERY')).toMatch(/^HTTP\/1\.1 403 /);
    expect(arrived).toBeNull();
    expect(await ask('MKCALENDAR')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('in the name of the host, or in labels that are data', async () => {
    await expectBlocked(ask(`${SECRET}.${WILD}`, '/'), 'known_secrets');
    await expectBlocked(
      ask(`${SECRET.slice(0, 10)}.${SECRET.slice(10)}.${WILD}`, '/'),
      'known_secrets',
    );
    const data = Buffer.from('some file that is carried off in names').toString('hex');
    await expectBlocked(
      ask(`${data.slice(0, 60)}.${data.slice(60)}.${WILD}`, '/'),
      'hostname_tunnel',
    );
    expect(egress.output).not.toContain(data.slice(0, 60));
    const { status } = await ask(`a.${WILD}`, '/');
    expect(status).not.toBe(403);
  });

  test('in a body, however it is compressed', async () => {
    const codings = {
      gzip: gzipSync,
      'x-gzip': gzipSync,
      deflate: deflateSync,
      br: brotliCompressSync,
      zstd: zstdCompressSync,
    };
    await expectBlocked(post(BLOCK, `{"a":"${SECRET}"}`), 'known_secrets');
    await expectSent(post(BLOCK, '{"a":"b"}'));
    for (const [coding, compress] of Object.entries(codings)) {
      const headers = { 'content-encoding': coding };
      await expectBlocked(post(BLOCK, compress(`a=${TOKEN}`), headers), 'token_patterns');
      await expectSent(post(BLOCK, compress('a=b'), headers));
    }
    const twice = { 'content-encoding': 'deflate, gzip' };
    await expectBlocked(post(BLOCK, gzipSync(deflateSync(SECRET)), twice), 'known_secrets');
    await expectSent(post(BLOCK, gzipSync(deflateSync('fine')), twice));
  });

  test('a body that cannot be looked into is blocked', async () => {
    const gzip = { 'content-encoding': 'gzip' };
    await expectBlocked(post(BLOCK, 'not gzip', gzip), 'undecodable');
    await expectBlocked(post(BLOCK, 'x', { 'content-encoding': 'rot13' }), 'undecodable');
    await expectBlocked(post(BLOCK, gzipSync(Buffer.alloc(20_000_000)), gzip), 'undecodable');
    await expectBlocked(post(BLOCK, Buffer.alloc(8 * 1024 * 1024 + 1, 'a b ')), 'size');
    await expectSent(post(BLOCK, Buffer.alloc(1024 * 1024, 'a b ')));
    await expectSent(post(FREE, Buffer.alloc(8 * 1024 * 1024 + 1, 'a b ')));
  });

  test('a header that hides behind an encoded line feed is refused on every route', async () => {
    for (const query of ['a%0d%0aX-Admin:%201', 'a%0aset-cookie%3ax', 'a%250D%250A%250D%250A']) {
      expect((await ask(FREE, `/?q=${query}`)).status).toBe(403);
      expect(arrived).toBeNull();
    }
    await expectSent(ask(FREE, '/?q=first%20line%0A%20second'));
  });

  test('nothing of it is in the log', () => {
    expect(egress.output).toContain('secret found');
    for (const value of [SECRET, TOKEN, Buffer.from(SECRET).toString('hex')]) {
      expect(egress.output).not.toContain(value);
    }
  });
});

test('a route without DLP is not looked into', async () => {
  const { body } = await expectSent(post(FREE, SECRET));
  expect(body.toString()).toBe(SECRET);
});

test('R54: the agent’s own credential is not looked at and never arrives, the injected one does', async () => {
  const own = { authorization: `Bearer ${TOKEN}` };
  const { headers } = await expectSent(ask(BLOCK, '/', { headers: own }));
  expect(headers['authorization']).toBe(`Bearer ${SECRET}`);
  expect(JSON.stringify(headers)).not.toContain(TOKEN);
});

describe('redact', () => {
  test('sends the request with what was found overwritten, and nothing else changed', async () => {
    const body = JSON.stringify({ note: `key ${SECRET}`, token: TOKEN, more: 'kept' });
    const request = await expectSent(
      ask(REDACT, `/a?t=${TOKEN}&u=kept`, { method: 'POST', body, headers: { 'x-key': SECRET } }),
    );
    const sent = request.body.toString();
    expect(JSON.parse(sent)).toMatchObject({ more: 'kept' });
    expect(sent).toHaveLength(body.length);
    expect(request.url).toMatch(/^\/a\?t=\*+_?\*+&u=kept$/);
    expect(request.headers['x-key']).toMatch(/^[*-]+$/);
    expect(sent + JSON.stringify(request.headers)).not.toMatch(/Hunter2|ghp_/);
  });

  test('compresses again what was compressed', async () => {
    const packed = post(REDACT, gzipSync(`<${SECRET}>`), { 'content-encoding': 'gzip' });
    const { body } = await expectSent(packed);
    expect(gunzipSync(body).toString()).toMatch(/^<[*-]+>$/);
  });

  test('blocks what shows only after decoding', async () => {
    const hidden = gzipSync(SECRET).toString('base64');
    await expectBlocked(post(REDACT, JSON.stringify({ hidden })), 'known_secrets');
    await expectBlocked(ask(REDACT, `/?q=${encodeURIComponent(hidden)}`), 'known_secrets');
  });
});

describe('answers', () => {
  test('a reflected credential is masked, in head and body', async () => {
    const { headers, body } = await ask(BLOCK, '/reflect');
    expect(headers['x-echo']).toBe('Bearer [bb:api]');
    expect(body).toMatch(/^you sent \[bb:api\], .*\[bb:api\].*\.$/);
    expect(body).not.toContain(Buffer.from(SECRET).toString('base64').slice(4, 20));
    const free = await ask(FREE, '/reflect');
    expect(free.body).toContain(SECRET);
  });

  test('also where it comes in pieces, and what is nearly one is not kept back for ever', async () => {
    expect((await ask(BLOCK, '/pieces')).body).toBe('data: [bb:api]\n\n');
    const events = await open(egress, `https://${BLOCK}:${upstream.port}/events`);
    const [first] = await Promise.race([
      events.setEncoding('utf8').take(1).toArray(),
      new Promise<string[]>((resolve) => setTimeout(resolve, 5_000, ['nothing came'])),
    ]);
    expect(first).toBe('data: one s3cr3t\n\n');
    events.destroy();
  });

  test('an answer that nobody can look into is blocked', async () => {
    const { status, body } = await ask(BLOCK, '/packed');
    expect([status, body.includes('undecodable')]).toEqual([403, true]);
    expect((await ask(FREE, '/packed')).status).toBe(200);
  });
});
