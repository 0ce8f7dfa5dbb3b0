import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AllowlistEntry, DenyEntry, EgressRoute } from '../../../src/model/egress-route.ts';
import type { EgressSecrets, EgressTable } from '../../../src/model/sidecar.ts';
import { decide, type EgressRequest } from '../../../src/sidecars/egress/decide.ts';
import { compileTable } from '../../../src/sidecars/egress/route-table.ts';
import { allowlistEntry, egressRoute } from '../../builders/desired.ts';
import { renderTable } from './harness.ts';
import { obviousDecision } from './obvious-decision.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');

// Small worlds, so that rules and requests meet often.
const name = fc.constantFrom(
  'x.test',
  'a.x.test',
  'b.a.x.test',
  'y.test',
  'ax.test',
  '_egress.local',
);
const host = fc.oneof(
  name,
  name.map((below) => `*.${below}`),
);
const path = fc
  .array(fc.constantFrom('v1', 'v2', 'a', 'info', 'refs', 'git-upload-pack', 'git-receive-pack'), {
    maxLength: 3,
  })
  .chain((parts) => fc.constantFrom(`/${parts.join('/')}`, `/${parts.join('/')}/`))
  .map((text) => text.replace('//', '/'));
const pattern = fc.oneof(
  fc.record({ kind: fc.constantFrom('prefix' as const, 'exact' as const), value: path }),
  fc.record({
    kind: fc.constant('regex' as const),
    value: fc.constantFrom('/v[12]', '/v1/.*', '/(?:v1|a)/[a-z]+', '.*', '/v1|/a'),
  }),
);
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'TRACE');
const ports = fc.subarray([80, 443, 8443], { minLength: 1 });
const expires = fc.constantFrom(
  null,
  null,
  '2026-05-31T23:59:59Z',
  '2026-06-01T00:00:00Z',
  '2027-01-01T00:00:00Z',
);
const secret = fc.constantFrom('k', 'pair', 'empty', 'absent');
const auth = fc.oneof(
  fc.constant(null),
  fc.record({
    scheme: fc.constantFrom('Bearer' as const, 'token' as const, 'Basic' as const),
    secret,
  }),
  fc.record({ scheme: fc.constant('header' as const), header: fc.constant('x-key'), secret }),
);
const match = fc.record({
  paths: fc.array(pattern, { maxLength: 2 }),
  methods: fc.subarray(['GET', 'POST']),
  headers: fc.subarray([{ name: 'x-a', exact: '1' }]),
});
const route: fc.Arbitrary<EgressRoute> = fc.record(
  {
    host,
    ports,
    matches: fc.array(match, { maxLength: 2 }),
    auth,
    dlp: fc.constant(null),
    git: fc.record({ fetch: fc.boolean() }),
    getBody: fc.constant(true as const),
    addresses: fc.constant([]),
    expires,
  },
  { requiredKeys: ['host', 'ports', 'matches', 'auth', 'dlp', 'git', 'addresses', 'expires'] },
);
const entry: fc.Arbitrary<AllowlistEntry> = fc.record({ host, reason: fc.constant(null), expires });
const denial: fc.Arbitrary<DenyEntry> = host.map((denied) => ({
  host: denied,
  reason: null,
  file: 'bottles/base.yaml',
}));
const request: fc.Arbitrary<EgressRequest> = fc.record(
  {
    scheme: fc.constantFrom('http' as const, 'https' as const),
    authority: fc.record({ host: name, port: fc.constantFrom(80, 443, 8443) }),
    method,
    path,
    query: fc.constantFrom('', '?a=b', '?service=git-upload-pack', '?service=git-receive-pack'),
    headers: fc.constantFrom<ReadonlyMap<string, readonly string[]>>(
      new Map(),
      new Map([['x-a', ['1']]]),
      new Map([['x-a', ['1', '1']]]),
      new Map([['content-type', ['application/x-git-receive-pack-request']]]),
    ),
    body: fc.constantFrom('length' as const, 'chunked' as const),
  },
  { requiredKeys: ['scheme', 'authority', 'method', 'path', 'query', 'headers'] },
);

const get = (host: string): EgressRequest => ({
  scheme: 'https',
  authority: { host, port: 443 },
  method: 'GET',
  path: '/',
  query: '',
  headers: new Map(),
});
const EVERY_END: [EgressRoute[], AllowlistEntry[], DenyEntry[], EgressRequest[]] = [
  [egressRoute('x.test')],
  [allowlistEntry('y.test')],
  [],
  ['x.test', 'y.test', 'ax.test', '_egress.local'].map(get),
];

const SECRETS = { k: 'value', pair: 'user:password', empty: '' };

test('every decision is the one that a slow reading of the rules comes to', () => {
  const kinds = new Map<string, number>();
  let bodies = 0;
  fc.assert(
    fc.property(
      fc.array(route, { maxLength: 5 }),
      fc.array(entry, { maxLength: 3 }),
      fc.oneof(fc.constant([]), fc.array(denial, { maxLength: 2 })),
      fc.array(request, { minLength: 1, maxLength: 8 }),
      (routes, allowlist, deny, requests) => {
        const parts = { routes, allowlist, deny, secrets: SECRETS };
        const { table, secrets } = renderTable(1, parts);
        const read = table as EgressTable;
        const compiled = compileTable(read, secrets);
        for (const asked of requests) {
          const expected = obviousDecision(read, secrets as EgressSecrets, {
            ...asked,
            nowMs: NOW,
          });
          expect(said(decide(compiled, asked, NOW), read)).toBe(expected);
          const [kind = ''] = expected.split(/ (?:\d|with)/);
          if (asked.body !== undefined && asked.method === 'GET' && kind === 'allow route')
            bodies += 1;
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        }
      },
    ),
    { numRuns: 5000, interruptAfterTimeLimit: 15_000, examples: [EVERY_END] },
  );
  // Each end is reached: two readings that always say no agree on nothing.
  expect([...kinds.keys()].toSorted()).toEqual(['allow allowlist', 'allow route', 'deny', 'local']);
  expect(bodies).toBeGreaterThan(0);
});

test('one more denial makes nothing reachable, and nothing else unreachable', () => {
  let closed = 0;
  fc.assert(
    fc.property(
      fc.array(route, { maxLength: 5 }),
      fc.array(entry, { maxLength: 3 }),
      fc.array(denial, { maxLength: 2 }),
      denial,
      fc.array(request, { minLength: 1, maxLength: 8 }),
      (routes, allowlist, deny, added, requests) => {
        const tableWith = (denials: readonly DenyEntry[]) => {
          const parts = { routes, allowlist, deny: denials, secrets: SECRETS };
          const { table, secrets } = renderTable(1, parts);
          return compileTable(table as EgressTable, secrets);
        };
        const [before, after] = [tableWith(deny), tableWith([...deny, added])];
        for (const asked of requests) {
          const [was, is] = [decide(before, asked, NOW), decide(after, asked, NOW)];
          if (!isBelow(asked.authority.host, added.host)) expect(is).toEqual(was);
          else expect(is.kind).toBe(was.kind === 'local' ? 'local' : 'deny');
          if (was.kind === 'allow' && is.kind === 'deny') closed += 1;
        }
      },
    ),
    { numRuns: 3000, interruptAfterTimeLimit: 10_000 },
  );
  // Denials that meet nothing prove nothing.
  expect(closed).toBeGreaterThan(5);
});

function isBelow(name: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern;
}

function said(decision: ReturnType<typeof decide>, { routes }: EgressTable): string {
  if (decision.kind !== 'allow') return decision.kind;
  const { route: chosen, inject } = decision;
  if (chosen === null) return 'allow allowlist';
  const by = `allow route ${routes.indexOf(chosen)}`;
  return inject === null ? by : `${by} with ${inject.name}: ${inject.value}`;
}
