import { describe, expect, test } from 'vitest';
import type { EgressRoute } from '../../../src/model/egress-route.ts';
import type { EgressTable } from '../../../src/model/sidecar.ts';
import { parseAuthority } from '../../../src/sidecars/egress/authority.ts';
import { decide, type EgressRequest } from '../../../src/sidecars/egress/decide.ts';
import { compileTable, type RouteTable } from '../../../src/sidecars/egress/route-table.ts';
import { allowlistEntry, egressRoute } from '../../builders/desired.ts';
import { renderTable, type TableParts } from './harness.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');

function tableOf(parts: TableParts): RouteTable {
  const { table, secrets } = renderTable(1, parts);
  return compileTable(table as EgressTable, secrets);
}

/** `GET https://host[:port]/path` with headers. */
function request(line: string, headers: { readonly [name: string]: string } = {}): EgressRequest {
  const [method = '', url = ''] = line.split(' ');
  const [, scheme = '', authority = '', path = '', query = ''] =
    /^(https?):\/\/([^/]+)([^?]*)(.*)$/.exec(url) ?? [];
  const parsed = parseAuthority(authority, scheme === 'http' ? 80 : 443);
  if (parsed === null) throw new Error(`${authority} is not an authority`);
  return {
    scheme: scheme === 'http' ? 'http' : 'https',
    authority: parsed,
    method,
    path,
    query,
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
  };
}

/** `allow` (with the injected header), `local`, or `deny: <reason>`. */
function verdict(parts: TableParts, line: string, headers?: { readonly [name: string]: string }) {
  const decision = decide(tableOf(parts), request(line, headers), NOW);
  switch (decision.kind) {
    case 'local':
      return 'local';
    case 'allow': {
      const { inject } = decision;
      return inject === null ? 'allow' : `allow with ${inject.name}: ${inject.value}`;
    }
    case 'deny':
      return `deny: ${decision.reason}`;
  }
}

const prefix = (value: string): Partial<EgressRoute> => ({
  matches: [{ paths: [{ kind: 'prefix', value }], methods: [], headers: [] }],
});

describe('hosts', () => {
  const parts: TableParts = {
    routes: [egressRoute('api.x.test', prefix('/v1/')), egressRoute('*.wild.test')],
    allowlist: [
      allowlistEntry('open.test'),
      allowlistEntry('*.many.test'),
      allowlistEntry('api.x.test'),
    ],
  };
  test.for([
    ['GET https://open.test/any?thing', 'allow'],
    ['DELETE http://open.test/any', 'allow'],
    ['GET https://open.test:8443/', 'deny: the allowlist opens open.test on its default port only'],
    ['GET https://evil-open.test/', 'deny: no route and no allowlist entry for evil-open.test'],
    [
      'GET https://open.test.evil.test/',
      'deny: no route and no allowlist entry for open.test.evil.test',
    ],
    ['GET https://a.many.test/', 'allow'],
    ['GET https://a.b.many.test/', 'allow'],
    ['GET https://many.test/', 'deny: no route and no allowlist entry for many.test'],
    ['GET https://notmany.test/', 'deny: no route and no allowlist entry for notmany.test'],
    ['GET https://a.wild.test/', 'allow'],
    ['GET https://wild.test/', 'deny: no route and no allowlist entry for wild.test'],
    ['GET https://api.x.test/v1/a', 'allow'],
    [
      'GET https://api.x.test/v2',
      'deny: the host has routes, but none matches this path, method and headers',
    ],
    ['GET https://api.x.test:8443/v1/a', 'deny: no route declares port 8443 of api.x.test'],
    ['GET http://_egress.local/allowlist', 'local'],
  ] as const)('%s → %s', ([line, expected]) => {
    expect(verdict(parts, line)).toBe(expected);
  });

  test('an exact route takes a host out of a wildcard route', () => {
    const both = { routes: [egressRoute('*.x.test'), egressRoute('a.x.test', prefix('/only/'))] };
    expect(verdict(both, 'GET https://a.x.test/other')).toMatch(/^deny/);
    expect(verdict(both, 'GET https://b.x.test/other')).toBe('allow');
  });
});

describe('paths', () => {
  test.for([
    ['/v1', '/v1', true],
    ['/v1', '/v1/x', true],
    ['/v1', '/v1x', false],
    ['/v1/', '/v1/x', true],
    ['/v1/', '/v1', false],
    ['/', '/anything', true],
  ] as const)('prefix %s and path %s → %s', ([value, path, allowed]) => {
    const parts = { routes: [egressRoute('x.test', prefix(value))] };
    expect(verdict(parts, `GET https://x.test${path}`) === 'allow').toBe(allowed);
  });

  test('a regular expression matches the whole path, anchored or not', () => {
    const parts = {
      routes: [
        egressRoute('x.test', {
          matches: [
            { paths: [{ kind: 'regex', value: '/[a-z]+|/id/[0-9]+' }], methods: [], headers: [] },
          ],
        }),
      ],
    };
    expect(verdict(parts, 'GET https://x.test/abc')).toBe('allow');
    expect(verdict(parts, 'GET https://x.test/id/7')).toBe('allow');
    expect(verdict(parts, 'GET https://x.test/abc/secret')).toMatch(/^deny/);
  });

  test('fields of a match are AND-ed, values and matches are OR-ed', () => {
    const parts = {
      routes: [
        egressRoute('x.test', {
          matches: [
            {
              paths: [{ kind: 'exact', value: '/a' }],
              methods: ['GET', 'HEAD'],
              headers: [{ name: 'accept', exact: 'application/json' }],
            },
            { paths: [{ kind: 'exact', value: '/b' }], methods: ['POST'], headers: [] },
          ],
        }),
      ],
    };
    const json = { accept: 'application/json' };
    expect(verdict(parts, 'HEAD https://x.test/a', json)).toBe('allow');
    expect(verdict(parts, 'HEAD https://x.test/a')).toMatch(/^deny/);
    expect(verdict(parts, 'POST https://x.test/a', json)).toMatch(/^deny/);
    expect(verdict(parts, 'POST https://x.test/b')).toBe('allow');
  });
});

describe('credentials', () => {
  const auth = (route: EgressRoute['auth'], value = 'v4lue') => ({
    routes: [egressRoute('x.test', { auth: route })],
    secrets: { k: value },
  });
  test.for([
    [{ scheme: 'Bearer', secret: 'k' }, 'authorization: Bearer v4lue'],
    [{ scheme: 'token', secret: 'k' }, 'authorization: token v4lue'],
    [{ scheme: 'Basic', secret: 'k' }, `authorization: Basic ${btoa('v4lue:')}`],
    [{ scheme: 'header', header: 'X-Api-Key', secret: 'k' }, 'x-api-key: v4lue'],
  ] as const)('%j becomes %s', ([route, header]) => {
    expect(verdict(auth(route), 'GET https://x.test/')).toBe(`allow with ${header}`);
  });

  test.for([
    ['is missing', { scheme: 'Bearer', secret: 'other' }, 'v'],
    ['is empty', { scheme: 'Bearer', secret: 'k' }, ''],
    ['would break out of its header', { scheme: 'Bearer', secret: 'k' }, 'a\r\nX: y'],
  ] as const)('a request whose credential %s is denied', ([, route, value]) => {
    expect(verdict(auth(route, value), 'GET https://x.test/')).toMatch(/^deny: the credential/);
  });

  test('a credential never goes over plain HTTP', () => {
    const parts = auth({ scheme: 'Bearer', secret: 'k' });
    expect(verdict(parts, 'GET http://x.test/')).toMatch(/^deny: .*plain HTTP/);
  });
});

test('TRACE, which would reflect a credential, is denied where anything else is allowed', () => {
  const parts = { routes: [egressRoute('x.test')], allowlist: [allowlistEntry('open.test')] };
  expect(verdict(parts, 'OPTIONS https://x.test/')).toBe('allow');
  expect(verdict(parts, 'TRACE https://x.test/')).toMatch(/^deny: TRACE/);
  expect(verdict(parts, 'TRACE https://open.test/')).toMatch(/^deny: TRACE/);
});

describe('git', () => {
  const parts: TableParts = {
    routes: [egressRoute('fetch.test', { git: { fetch: true } }), egressRoute('none.test')],
    allowlist: [allowlistEntry('open.test')],
  };
  test.for([
    ['GET https://fetch.test/r.git/info/refs?service=git-upload-pack', 'allow'],
    ['POST https://fetch.test/r.git/git-upload-pack', 'allow'],
    ['GET https://fetch.test/r.git/info/refs?service=git-receive-pack', 'deny: git push'],
    ['GET https://fetch.test/r.git/info/refs?service=git%2Dreceive%2Dpack', 'deny: git push'],
    ['POST https://fetch.test/r.git/git-receive-pack', 'deny: git push'],
    ['POST https://open.test/r.git/git-receive-pack', 'deny: git push'],
    ['POST https://open.test/r.git/git-receive-pack;x=1', 'deny: git push'],
    ['GET https://open.test/r.git/info/refs;x?service=git-receive-pack', 'deny: git push'],
    ['GET https://none.test/r.git/info/refs?service=git-upload-pack', 'deny: git fetch'],
    ['GET https://open.test/r.git/info/refs?service=git-upload-pack', 'deny: git fetch'],
    ['GET https://none.test/r.git/HEAD', 'allow'],
  ] as const)('%s → %s', ([line, expected]) => {
    expect(verdict(parts, line).startsWith(expected)).toBe(true);
  });
});

describe('time and absence', () => {
  test('no table means no', () => {
    const decision = decide(null, request('GET https://x.test/'), NOW);
    expect(decision).toMatchObject({ kind: 'deny', status: 403 });
  });

  test('zero rules mean no', () => {
    expect(verdict({}, 'GET https://x.test/')).toMatch(/^deny/);
  });

  test('an expired rule is no rule, and an expired route does not open the host to the allowlist', () => {
    const past = { expires: '2026-05-01T00:00:00Z' };
    const future = { expires: '2026-07-01T00:00:00Z' };
    const at = 'GET https://x.test/';
    expect(verdict({ routes: [egressRoute('x.test', future)] }, at)).toBe('allow');
    expect(verdict({ routes: [egressRoute('x.test', past)] }, at)).toMatch(/^deny/);
    expect(verdict({ allowlist: [allowlistEntry('x.test', future)] }, at)).toBe('allow');
    expect(verdict({ allowlist: [allowlistEntry('x.test', past)] }, at)).toMatch(/^deny/);
    const both = { routes: [egressRoute('x.test', past)], allowlist: [allowlistEntry('x.test')] };
    expect(verdict(both, at)).toMatch(/^deny: every route for x.test has expired/);
  });
});
