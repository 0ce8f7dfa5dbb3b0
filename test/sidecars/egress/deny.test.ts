import { expect, test } from 'vitest';
import { allowlistEntry, egressRoute } from '../../builders/desired.ts';
import { eventually } from '../../eventually.ts';
import { open, send, tunnel } from './agent-client.ts';
import { startEgress, type TableParts } from './harness.ts';
import { startUpstream } from './upstream.ts';

const API = 'api.example.test';
const BELOW = 'a.api.example.test';
const OTHER = 'other.example.test';
const denial = (host: string, reason: string | null = null) => ({
  host,
  reason,
  file: 'bottles/base.yaml',
});

test('what is denied is refused with the file and the reason, whatever else opens it; the rest passes', async () => {
  await using upstream = await startUpstream([API, BELOW, OTHER]);
  const open: TableParts = {
    routes: [egressRoute('*.example.test', { ports: [upstream.port] })],
    allowlist: [allowlistEntry(API)],
    upstream: upstream.settings,
  };
  await using egress = await startEgress({ ...open, deny: [denial(API, 'exfiltration')] });
  const urlOf = (host: string) => `https://${host}:${upstream.port}/x`;
  const refused = await send(egress, urlOf(API));
  expect(refused.status).toBe(403);
  expect(JSON.parse(refused.body)).toMatchObject({
    host: API,
    reason: `${API} is denied by bottles/base.yaml: exfiltration`,
    try: 'look for another way: no approval opens it',
  });
  expect((await send(egress, urlOf(BELOW))).status).toBe(200);
  expect((await send(egress, urlOf(OTHER))).status).toBe(200);
  expect(upstream.seen).toHaveLength(2);
  await egress.enforce(open);
  expect((await send(egress, urlOf(API))).status).toBe(200);
});

test('a wildcard denies every name below it and not the apex; notation is no way around', async () => {
  await using upstream = await startUpstream([API, BELOW]);
  await using egress = await startEgress({
    routes: [
      egressRoute(API, { ports: [upstream.port] }),
      egressRoute(`*.${API}`, { ports: [upstream.port] }),
    ],
    deny: [denial(`*.${API}`)],
    upstream: upstream.settings,
  });
  expect((await send(egress, `https://${API}:${upstream.port}/`)).status).toBe(200);
  for (const host of [BELOW, BELOW.toUpperCase(), `deep.${BELOW}`]) {
    expect((await send(egress, `https://${host}:${upstream.port}/`)).status).toBe(403);
  }
  expect(upstream.seen).toHaveLength(1);
});

test('a stream to a host that the new table denies is cut, although its route stays; another goes on', async () => {
  await using upstream = await startUpstream([API, OTHER], {
    handler: (_request, response) => {
      const beat = setInterval(() => response.write('beat\n'), 10);
      response.once('close', () => clearInterval(beat));
    },
  });
  const routes = [API, OTHER].map((host) => egressRoute(host, { ports: [upstream.port] }));
  await using egress = await startEgress({ routes, upstream: upstream.settings });
  const denied = await open(egress, `https://${API}:${upstream.port}/`);
  const kept = await open(egress, `https://${OTHER}:${upstream.port}/`);
  let isCut = false;
  denied
    .on('error', () => undefined)
    .resume()
    .once('close', () => {
      isCut = true;
    });
  await egress.enforce({ routes, deny: [denial(API)], upstream: upstream.settings });
  await eventually('the denied stream is cut', () => isCut, 1000);
  let beats = 0;
  kept.on('data', () => {
    beats += 1;
  });
  await eventually('the other one still beats', () => beats > 3);
  kept.destroy();
});

test('a tunnel that was opened before is worth nothing for a host that is denied since', async () => {
  await using upstream = await startUpstream([API]);
  const routes = [egressRoute(API, { ports: [upstream.port] })];
  await using egress = await startEgress({ routes, upstream: upstream.settings });
  const socket = await tunnel(egress, { target: `${API}:${upstream.port}` });
  await egress.enforce({ routes, deny: [denial(API)], upstream: upstream.settings });
  let received = '';
  socket
    .on('error', () => undefined)
    .on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
  socket.write(`GET /x HTTP/1.1\r\nHost: ${API}:${upstream.port}\r\n\r\n`);
  await eventually('the refusal', () => received.startsWith('HTTP/1.1 403'));
  expect(upstream.seen).toEqual([]);
  socket.destroy();
});

test('the agent is shown what is denied, beside what is open', async () => {
  await using egress = await startEgress({
    allowlist: [allowlistEntry(OTHER)],
    deny: [denial(API, 'exfiltration')],
  });
  const shown = JSON.parse((await send(egress, 'http://_egress.local/allowlist')).body);
  expect(shown).toMatchObject({ allowlist: [{ host: OTHER }], deny: [{ host: API }] });
  expect(egress.status()?.deny).toEqual([denial(API, 'exfiltration')]);
});
