import { expect, test } from 'vitest';
import { fingerprint } from '../../src/model/fingerprint.ts';
import { missingSecrets, renderEgressTable } from '../../src/reconcilers/egress/render-table.ts';
import { bottle, HOST, route } from '../builders/observed.ts';

const NOW_MS = Date.parse('2026-06-01T00:00:00Z');
const auth = (secret: string) => ({ auth: { scheme: 'Bearer' as const, secret } });
const allow = (host: string, expires: string | null = null) => ({ host, reason: null, expires });

test('routes and hosts are in order, and the hash speaks of what is enforced', () => {
  const routes = [route('b.example.test', auth('api')), route('a.example.test')];
  const allowlist = [allow('d.example.test'), allow('c.example.test')];
  const table = renderEgressTable(bottle('dev', { egress: { routes }, allowlist }), HOST, NOW_MS);
  expect(table.routes.map(({ host }) => host)).toEqual(['a.example.test', 'b.example.test']);
  expect(table.allowlist.map(({ host }) => host)).toEqual(['c.example.test', 'd.example.test']);
  expect(table.secrets).toEqual({ api: 'v1' });
  const { routes: ordered, allowlist: hosts, upstream, secrets } = table;
  expect(table.hash).toBe(fingerprint({ routes: ordered, allowlist: hosts, upstream, secrets }));
  const reversed = bottle('dev', {
    egress: { routes: routes.toReversed() },
    allowlist: allowlist.toReversed(),
  });
  expect(renderEgressTable(reversed, HOST, NOW_MS)).toEqual(table);
});

test('what has expired, or cannot be read as an instant, is not in force', () => {
  const routes = [
    route('past.example.test', { expires: '2026-06-01T00:00:00Z' }),
    route('future.example.test', { expires: '2026-06-01T00:00:01Z' }),
    route('broken.example.test', { expires: 'soon' }),
  ];
  const allowlist = [allow('past.example.test', '2020-01-01T00:00:00Z'), allow('a.example.test')];
  const table = renderEgressTable(bottle('dev', { egress: { routes }, allowlist }), HOST, NOW_MS);
  expect(table.routes.map(({ host }) => host)).toEqual(['future.example.test']);
  expect(table.allowlist.map(({ host }) => host)).toEqual(['a.example.test']);
});

test('a secret without a value is told with the route that needs it', () => {
  const routes = [route('a.example.test', auth('unset')), route('b.example.test', auth('api'))];
  const table = renderEgressTable(bottle('dev', { egress: { routes } }), HOST, NOW_MS);
  expect(missingSecrets(table)).toEqual([{ secret: 'unset', host: 'a.example.test' }]);
  expect(table.secrets).toEqual({ api: 'v1' });
});

test('a secret of an expired route is neither needed nor handed out', () => {
  const routes = [route('a.example.test', { ...auth('unset'), expires: '2020-01-01T00:00:00Z' })];
  const table = renderEgressTable(bottle('dev', { egress: { routes } }), HOST, NOW_MS);
  expect(missingSecrets(table)).toEqual([]);
});

test('denials are in the table and its hash; a bottle without any keeps the hash that it had', () => {
  const plain = renderEgressTable(bottle('dev'), HOST, NOW_MS);
  expect(plain).not.toHaveProperty('deny');
  const deny = ['z.test', 'paste.test'].map((host) => ({
    host,
    reason: null,
    file: 'bottles/a.yaml',
  }));
  const table = renderEgressTable(bottle('dev', { deny }), HOST, NOW_MS);
  expect(table.deny?.map(({ host }) => host)).toEqual(['paste.test', 'z.test']);
  expect(table.hash).not.toBe(plain.hash);
});

test('a route that has expired stays where something else would open its host, and closes it', () => {
  const ended = { expires: '2020-01-01T00:00:00Z' };
  const routes = [route('a.example.test', ended), route('b.example.test', ended)];
  const open = (...allowlist: readonly ReturnType<typeof allow>[]) =>
    renderEgressTable(bottle('dev', { egress: { routes }, allowlist }), HOST, NOW_MS).routes.map(
      ({ host }) => host,
    );
  expect(open()).toEqual([]);
  expect(open(allow('a.example.test'))).toEqual(['a.example.test']);
  expect(open(allow('*.example.test'))).toEqual(['a.example.test', 'b.example.test']);
  expect(open(allow('*.example.test', '2026-01-01T00:00:00Z'))).toEqual([]);
});

test('a route that is kept only to close its host hands out no secret, and one in force does', () => {
  const until = (expires: string) => [route('a.example.test', { ...auth('api'), expires })];
  const at = (expires: string) => {
    const spec = { egress: { routes: until(expires) }, allowlist: [allow('a.example.test')] };
    return renderEgressTable(bottle('dev', spec), HOST, NOW_MS);
  };
  const ended = at('2020-01-01T00:00:00Z');
  expect(ended.routes).toEqual([{ ...until('2020-01-01T00:00:00Z')[0], auth: null }]);
  expect(ended.secrets).toEqual({});
  expect(missingSecrets(ended)).toEqual([]);
  expect(at('2030-01-01T00:00:00Z').secrets).toEqual({ api: 'v1' });
});
