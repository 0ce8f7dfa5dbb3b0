import { expect, test } from 'vitest';
import { egressRoute } from '../../builders/desired.ts';
import { exchange, send, tunnel } from './agent-client.ts';
import { startEgress } from './harness.ts';
import { ask, http2Session } from './http2-client.ts';
import { startUpstream } from './upstream.ts';

const SEARCH = 'search.example.test';
const PLAIN = 'plain.example.test';
const QUERY = '{"query":{"match_all":{}}}';

/** Egress with a host whose route takes a body of GET, and one whose route does not. */
async function gate() {
  const upstream = await startUpstream([SEARCH, PLAIN]);
  const egress = await startEgress({});
  const ports = [upstream.port];
  const parts = {
    routes: [egressRoute(SEARCH, { ports, getBody: true }), egressRoute(PLAIN, { ports })],
    upstream: upstream.settings,
  };
  await egress.enforce(parts);
  const raw = async (host: string, message: string) => {
    const target = `${host}:${upstream.port}`;
    const socket = await tunnel(egress, { target });
    return exchange(socket, message.replace('HOST', target));
  };
  return {
    egress,
    upstream,
    raw,
    parts,
    async [Symbol.asyncDispose]() {
      await egress[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

const withLength = (method: string) =>
  `${method} /_search HTTP/1.1\r\nHost: HOST\r\nContent-Length: ${QUERY.length}\r\nConnection: close\r\n\r\n${QUERY}`;
const inChunks = `GET /_search HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nbody\r\n0\r\n\r\n`;

test('a body of GET passes where the route says so, with its exact length, on a connection that ends with it', async () => {
  await using world = await gate();
  expect(await world.raw(PLAIN, withLength('GET'))).toMatch(/^HTTP\/1\.1 400 /);
  const answer = await world.raw(SEARCH, withLength('GET'));
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  const seen = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1));
  expect(seen).toMatchObject({ method: 'GET', bodyBytes: QUERY.length });
  expect(seen.headers).toMatchObject({ connection: 'close', 'content-length': `${QUERY.length}` });
  expect(seen.headers['transfer-encoding']).toBeUndefined();
  expect(world.upstream.seen).toHaveLength(1);
});

test.each([
  ['in chunks', inChunks],
  ['of HEAD', withLength('HEAD')],
])('a body %s is refused there too', async (_title, message) => {
  await using world = await gate();
  expect(await world.raw(SEARCH, message)).toMatch(/^HTTP\/1\.1 400 /);
  expect(world.upstream.seen).toEqual([]);
  expect((await send(world.egress, `https://${SEARCH}:${world.upstream.port}/`)).status).toBe(200);
});

test('over HTTP/2 it passes with its length, and is refused without', async () => {
  await using world = await gate();
  const session = await http2Session(world.egress, `${SEARCH}:${world.upstream.port}`);
  const get = { ':path': '/_search', ':method': 'GET' };
  const [measured, unmeasured] = await Promise.all([
    ask(session, { ...get, 'content-length': `${QUERY.length}` }, QUERY),
    ask(session, get, QUERY),
  ]);
  expect([measured.status, unmeasured.status]).toEqual([200, 400]);
  session.close();
});

test('a table without the word refuses it from then on', async () => {
  await using world = await gate();
  expect(await world.raw(SEARCH, withLength('GET'))).toMatch(/^HTTP\/1\.1 200 /);
  const routes = world.parts.routes.map(({ getBody: _getBody, ...route }) => route);
  await world.egress.enforce({ ...world.parts, routes });
  expect(await world.raw(SEARCH, withLength('GET'))).toMatch(/^HTTP\/1\.1 400 /);
});
