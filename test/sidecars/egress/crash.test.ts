import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { egressRoute } from '../../builders/desired.ts';
import { eventually } from '../../eventually.ts';
import { exchange, tunnel } from './agent-client.ts';
import { type EgressHarness, startEgress } from './harness.ts';
import { selfSigned } from './upstream.ts';

// Whatever either side sends, the process lives on: every other request of the bottle hangs on it.

const TWO = 'two.example.test';
const LOOKED_AT = 'looked-at.example.test';
const ONE = 'one.example.test';
const SECRET = 's3cr3t-Hunter2-of-the-suite';

let egress: EgressHarness;
/** Speaks HTTP/2 alone. */
let two: Server;
/** Answers over HTTP/1.1 with bytes of the test's choosing. */
let one: Server;
let answer: string;
let respond: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
let trailers: IncomingHttpHeaders = {};

beforeAll(async () => {
  const certificate = selfSigned([TWO, LOOKED_AT, ONE]);
  const server = createSecureServer(certificate);
  server.on('stream', (stream, headers) => {
    stream
      .on('error', () => undefined)
      .on('trailers', (sent) => {
        trailers = sent;
      });
    respond(stream, headers);
  });
  two = server;
  one = createTlsServer(certificate, (socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(answer, 'latin1'));
  });
  for (const each of [two, one]) {
    await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
  }
  const addresses = ['127.0.0.1/32'];
  const dlp = { outbound: ['known_secrets'], onMatch: 'block' } as const;
  egress = await startEgress({
    routes: [
      egressRoute(TWO, { ports: [portOf(two)], addresses }),
      egressRoute(LOOKED_AT, { ports: [portOf(two)], addresses, dlp }),
      egressRoute(ONE, { ports: [portOf(one)], addresses }),
    ],
    upstream: {
      hosts: Object.fromEntries([TWO, LOOKED_AT, ONE].map((host) => [host, ['127.0.0.1']])),
      trustedCaPem: [certificate.cert],
    },
    secrets: { api: SECRET },
  });
});

afterAll(async () => {
  await egress?.[Symbol.asyncDispose]();
  one?.close();
  two?.close();
});

beforeEach(() => {
  trailers = {};
  respond = (stream) => {
    stream.resume().once('end', () => {
      stream.respond({ ':status': 200 });
      stream.end('fine');
    });
  };
});

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function session(host: string, server: Server): Promise<ClientHttp2Session> {
  const target = `${host}:${portOf(server)}`;
  const socket = await tunnel(egress, { target, protocols: ['h2'] });
  return connect(`https://${target}`, { createConnection: () => socket }).on(
    'error',
    () => undefined,
  );
}

interface Got {
  readonly status: number | null;
  readonly body: string;
}

/** The answer to a stream, or what came of it before it was reset. */
function answerTo(stream: ClientHttp2Stream): Promise<Got> {
  return new Promise((resolve) => {
    let status: number | null = null;
    let body = '';
    stream.once('response', (headers) => {
      status = headers[':status'] ?? null;
    });
    stream.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    stream.on('error', () => undefined).once('close', () => resolve({ status, body }));
  });
}

async function stillServes(): Promise<void> {
  respond = (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('fine');
  };
  const other = await session(TWO, two);
  expect(await answerTo(other.request({ ':path': '/' }))).toEqual({ status: 200, body: 'fine' });
  other.destroy();
  expect(egress.output).not.toMatch(/node:internal|Error:/);
}

/** One request over HTTP/1.1. */
async function send(host: string, head: string, body = ''): Promise<string> {
  const target = `${host}:${portOf(two)}`;
  const socket = await tunnel(egress, { target });
  return exchange(
    socket,
    `${head.replace('\r\n', `\r\nHost: ${target}\r\nConnection: close\r\n`)}\r\n\r\n${body}`,
  );
}

describe('an HTTP/2 upstream gets from an HTTP/1.1 agent', () => {
  test('a header that was sent twice', async () => {
    const got = await send(TWO, 'GET / HTTP/1.1\r\nUser-Agent: a\r\nUser-Agent: b');
    await stillServes();
    expect(got).toMatch(/ 200 /);
  });

  test.for([
    ['as they are', TWO],
    ['of a request that was looked at', LOOKED_AT],
  ] as const)('trailers %s, but not those that would be credentials', async ([, host]) => {
    const own = 'Authorization: mine\r\nConnection: close\r\nEtag: a\r\nEtag: b\r\n';
    const body = `4\r\nbody\r\n0\r\nX-Sum: 42\r\n${own}\r\n`;
    const got = await send(host, 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked', body);
    await stillServes();
    expect(got).toMatch(/ 200 /);
    expect(Object.keys(trailers)).toEqual(['x-sum', 'etag']);
  });
});

const FINE = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody';
const TWICE = 'Etag: a\r\nEtag: b\r\n\r\n';
const CHUNKS = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n';

test.for([
  ['another scheme', { ':scheme': 'http' }],
  ['a method in small letters', { ':method': 'get' }],
  ['CONNECT', { ':method': 'CONNECT', ':authority': TWO }],
] as const)('an HTTP/2 agent that asks with %s ends that stream alone', async ([, headers]) => {
  const agent = await session(TWO, two);
  const isConnect = ':authority' in headers;
  const got = answerTo(agent.request({ ...(isConnect ? {} : { ':path': '/' }), ...headers }));
  expect(await got).toEqual({ status: null, body: '' });
  expect(await answerTo(agent.request({ ':path': '/' }))).toEqual({ status: 200, body: 'fine' });
  agent.destroy();
  await stillServes();
});

describe('an HTTP/1.1 upstream answers an HTTP/2 agent with', () => {
  const ask = async (bytes: string): Promise<Got> => {
    answer = bytes;
    const agent = await session(ONE, one);
    const got = await answerTo(agent.request({ ':path': '/' }));
    agent.destroy();
    await stillServes();
    return got;
  };

  test.for([
    ['trailers twice', `${CHUNKS}0\r\n${TWICE}`],
    ['headers twice', `HTTP/1.1 200 OK\r\nContent-Length: 4\r\n${TWICE}body`],
    ['hints twice', `HTTP/1.1 103 Hints\r\n${TWICE}${FINE}`],
    ['an interim status of its own', `HTTP/1.1 199 Odd\r\n\r\n${FINE}`],
  ] as const)('%s, which passes', async ([, bytes]) => {
    expect(await ask(bytes)).toEqual({ status: 200, body: 'body' });
  });

  test.for([
    ['a status that HTTP/2 does not have', 'HTTP/1.1 999 Denied\r\nContent-Length: 4\r\n\r\nbody'],
    ['a length where there is no body', 'HTTP/1.1 204 None\r\nContent-Length: 4\r\n\r\n'],
    ['a body that cannot be', 'HTTP/1.1 205 Reset\r\nContent-Length: 4\r\n\r\nbody'],
  ] as const)('%s, which ends that stream alone', async ([, bytes]) => {
    expect(await ask(bytes)).toEqual({ status: null, body: '' });
  });
});

test('an upload that the agent takes back in peace is answered too late, and nothing comes of it', async () => {
  let asked: ServerHttp2Stream | undefined;
  respond = (stream) => {
    asked = stream;
  };
  const agent = await session(TWO, two);
  const upload = agent.request({ ':path': '/', ':method': 'POST' });
  upload.on('error', () => undefined).write(Buffer.alloc(8_000_000));
  const late = await eventually('the upstream is asked', () => asked);
  await arrivedAt(agent);
  upload.close(constants.NGHTTP2_NO_ERROR);
  await arrivedAt(agent);
  late.respond({ ':status': 200 });
  late.end('late');
  await stillServes();
  agent.destroy();
});

/** All that was sent on this connection is there. */
function arrivedAt(agent: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    agent.ping((error) => (error === null ? resolve() : reject(error)));
  });
}
