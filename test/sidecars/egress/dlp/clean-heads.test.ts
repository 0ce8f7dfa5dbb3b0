import { expect, test } from 'vitest';
import type { RouteDlp } from '../../../../src/model/egress-route.ts';
import { CleanHeads } from '../../../../src/sidecars/egress/dlp/clean-heads.ts';
import { egressRoute } from '../../../builders/desired.ts';
import { send } from '../agent-client.ts';
import { startEgress, type TableParts } from '../harness.ts';
import { startUpstream, type Upstream } from '../upstream.ts';

const HOST = 'clean.example.test';
const LATER_SECRET = 's3cr3t-Hunter2-of-the-suite';
const TOKEN = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;

const partsOf = (
  upstream: Upstream,
  secrets: TableParts['secrets'],
  outbound: RouteDlp['outbound'] = ['known_secrets'],
): TableParts => ({
  routes: [
    egressRoute(HOST, {
      ports: [upstream.port],
      addresses: ['127.0.0.1/32'],
      dlp: { outbound, onMatch: 'block' },
    }),
  ],
  upstream: upstream.settings,
  secrets: { other: 'b0rder-Hunter7-of-the-garden', ...secrets },
});

test('a head that was clean is refused from the moment that its text is a secret, or is looked for', async () => {
  await using upstream = await startUpstream([HOST]);
  await using egress = await startEgress(partsOf(upstream, {}));
  const statusOf = async (value: string): Promise<number> =>
    (await send(egress, `https://${HOST}:${upstream.port}/`, { headers: { 'x-note': value } }))
      .status;
  for (const value of [LATER_SECRET, TOKEN, LATER_SECRET, TOKEN]) {
    expect(await statusOf(value)).toBe(200);
  }
  await egress.enforce(partsOf(upstream, { api: LATER_SECRET }));
  expect(await statusOf(LATER_SECRET)).toBe(403);
  expect(await statusOf(LATER_SECRET)).toBe(403);
  expect(await statusOf(TOKEN)).toBe(200);
  await egress.enforce(partsOf(upstream, {}, ['token_patterns']));
  expect(await statusOf(TOKEN)).toBe(403);
  expect(await statusOf(LATER_SECRET)).toBe(200);
});

test('one letter makes it another head, and the same letters in other lines do too', async () => {
  await using upstream = await startUpstream([HOST]);
  await using egress = await startEgress(partsOf(upstream, { api: LATER_SECRET }));
  const url = `https://${HOST}:${upstream.port}/`;
  const [first, second] = [LATER_SECRET.slice(0, 14), LATER_SECRET.slice(14)];
  const statusOf = async (headers: { readonly [name: string]: string }): Promise<number> =>
    (await send(egress, url, { headers })).status;
  expect(await statusOf({ 'x-a': second, 'x-b': first })).toBe(200);
  expect(await statusOf({ 'x-a': second, 'x-b': first })).toBe(200);
  expect(await statusOf({ 'x-a': first, 'x-b': second })).toBe(403);
  expect(await statusOf({ 'x-b': first, 'x-a': second })).toBe(403);
});

test('what was not asked about for the longest time is forgotten first, and long heads are not kept', () => {
  const heads = new CleanHeads();
  heads.add('first');
  for (let count = 0; count < 255; count += 1) heads.add(`more ${count}`);
  expect(heads.has('first')).toBe(true);
  heads.add('one too many');
  expect([heads.has('first'), heads.has('more 0'), heads.has('more 1')]).toEqual([
    true,
    false,
    true,
  ]);
  heads.add('x'.repeat(10_000));
  expect(heads.has('x'.repeat(10_000))).toBe(false);
});
