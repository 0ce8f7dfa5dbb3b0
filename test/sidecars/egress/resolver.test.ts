import { expect, test } from 'vitest';
import { Resolver } from '../../../src/sidecars/egress/resolver.ts';
import { egressRoute } from '../../builders/desired.ts';
import { send } from './agent-client.ts';
import { startLimitedProxy } from './limited-proxy.ts';

const SILENT = 'silent.example.test';
const UPSTREAM = { hosts: {}, trustedCaPem: [] };

/** Like a resolver whose server has gone: of one name it never says anything. */
const lookup = (host: string): Promise<readonly string[]> =>
  host === SILENT ? new Promise(() => undefined) : Promise.resolve(['203.0.113.7']);

test('a name that nobody answers for is refused in bounded time, another at once', async () => {
  using proxy = await startLimitedProxy(
    { routes: [egressRoute(SILENT), egressRoute('gone.example.test')] },
    { lookupMs: 100 },
    Date.now,
    null,
    (host) => (host === SILENT ? lookup(host) : Promise.resolve([])),
  );
  const late = await send(proxy, `https://${SILENT}/`);
  expect(late.status).toBe(504);
  expect(JSON.parse(late.body)).toMatchObject({ error: 'upstream_unreachable', host: SILENT });
  expect((await send(proxy, 'https://gone.example.test/')).status).toBe(502);
});

test('who asks for a name again waits for the same question, and no longer than the first', async () => {
  const asked: string[] = [];
  const resolver = new Resolver(20, (host) => {
    asked.push(host);
    return lookup(host);
  });
  const resolved = [1, 2].map(() => resolver.resolve(SILENT, UPSTREAM, []));
  expect(await Promise.all(resolved)).toEqual([{ kind: 'unanswered' }, { kind: 'unanswered' }]);
  expect(await resolver.resolve(SILENT, UPSTREAM, [])).toEqual({ kind: 'unanswered' });
  expect(asked).toEqual([SILENT]);
});

test('that nobody could say is not kept, that there is no such name is', async () => {
  const asked: string[] = [];
  const resolver = new Resolver(1_000, async (host) => {
    asked.push(host);
    if (host !== 'away.example.test') return [];
    return asked.filter((one) => one === host).length === 1 ? null : ['203.0.113.7'];
  });
  const resolve = async (host: string) => resolver.resolve(host, UPSTREAM, ['203.0.113.0/24']);
  expect(await resolve('away.example.test')).toEqual({ kind: 'unanswered' });
  expect(await resolve('away.example.test')).toEqual({ kind: 'address', address: '203.0.113.7' });
  for (const _again of [1, 2])
    expect(await resolve('no.example.test')).toEqual({ kind: 'unknown' });
  expect(asked).toEqual(['away.example.test', 'away.example.test', 'no.example.test']);
});

test('questions without an answer do not pile up, and answers make room', async () => {
  const answers: (() => void)[] = [];
  const resolver = new Resolver(20, () => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    answers.push(() => resolve(['203.0.113.7']));
    return promise;
  });
  const many = Array.from({ length: 100 }, (_, at) =>
    resolver.resolve(`host-${at}.example.test`, UPSTREAM, []),
  );
  expect(new Set((await Promise.all(many)).map(({ kind }) => kind))).toEqual(
    new Set(['unanswered']),
  );
  expect(answers.length).toBeLessThan(100);
  for (const answer of answers) answer();
  await Promise.resolve();
  const fresh = Promise.resolve(
    resolver.resolve('fresh.example.test', UPSTREAM, ['203.0.113.0/24']),
  );
  answers.at(-1)?.();
  expect(await fresh).toEqual({ kind: 'address', address: '203.0.113.7' });
});
