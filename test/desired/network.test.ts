import { describe, expect, test } from 'vitest';
import { bottleName, egressRoute, hostPolicy } from '../builders/desired.ts';
import { lines, load, loadValid } from './valid-tree.ts';

const DEV = bottleName('dev');
const HOST = hostPolicy({
  secrets: {
    anthropic: { hosts: ['api.anthropic.com'], gitUrls: [] },
    any: { hosts: ['*.example'], gitUrls: [] },
  },
});
const R = (routes: string) => ({ 'bottles/base.yaml': 'routes: [r]\n', 'routes/r.yaml': routes });

function networkOf(files: Readonly<Record<string, string>>) {
  const bottle = loadValid(files, HOST).bottles[DEV];
  if (bottle === undefined) throw new Error('there is no bottle dev');
  return {
    routes: bottle.spec.egress.routes,
    allowlist: bottle.spec.allowlist,
    origins: bottle.origins,
  };
}

describe('a route', () => {
  test('with every field resolves to a total one', () => {
    const { routes, origins } = networkOf(
      R(`# head
routes:
  - host: GITEA.example
    ports: [8443, 443, 443]
    matches:
      - paths: [{prefix: /api/v1/}, {exact: /login}, {regex: "^/[a-z]+$"}]
        methods: [GET, POST]
        headers: [{name: Accept, exact: application/json}]
    paths: [/short/]
    auth: {header: X-Api-Key, secret: any}
    git: {fetch: true}
    addresses: [10.1.0.0/16, 10.2.0.1]
    expires: 2026-12-01T01:00:00+01:00
`),
    );
    expect(routes).toEqual([
      egressRoute('gitea.example', {
        ports: [443, 8443],
        matches: [
          {
            paths: [
              { kind: 'prefix', value: '/api/v1/' },
              { kind: 'exact', value: '/login' },
              { kind: 'regex', value: '^/[a-z]+$' },
            ],
            methods: ['GET', 'POST'],
            headers: [{ name: 'accept', exact: 'application/json' }],
          },
          { paths: [{ kind: 'prefix', value: '/short/' }], methods: [], headers: [] },
        ],
        auth: { scheme: 'header', header: 'x-api-key', secret: 'any' },
        git: { fetch: true },
        addresses: ['10.1.0.0/16', '10.2.0.1/32'],
        expires: '2026-12-01T00:00:00Z',
      }),
    ]);
    expect(origins).toEqual({ 'route:gitea.example': { file: 'routes/r.yaml', line: 3 } });
  });

  test('without a credential speaks for 80 and 443, with one for 443 alone unless it says so', () => {
    const { routes } = networkOf(
      R(`routes:
  - {host: a.example}
  - {host: b.example, auth: {scheme: Bearer, secret: any}}
  - {host: c.example, auth: {scheme: Bearer, secret: any}, ports: [80]}
`),
    );
    expect(routes.map((route) => route.ports)).toEqual([[80, 443], [443], [80]]);
  });

  test('takes a body of GET where it says so, alone or on top of a shared one', () => {
    const { routes } = networkOf(
      R('routes:\n  - {host: a.example, getBody: true}\n  - {host: b.example, getBody: false}\n'),
    );
    expect(routes.map(({ getBody }) => getBody)).toEqual([true, undefined]);
    expect(Object.hasOwn(routes[1] ?? {}, 'getBody')).toBe(false);
  });

  test('order of sets and of files means nothing', () => {
    const a = 'routes: [{host: a.example}]\n';
    const b = 'routes: [{host: b.example}]\n';
    const one = networkOf({
      'bottles/base.yaml': 'routes: [x, y]\n',
      'routes/x.yaml': a,
      'routes/y.yaml': b,
    });
    const other = networkOf({
      'routes/y.yaml': a,
      'routes/x.yaml': b,
      'bottles/base.yaml': 'routes: [y, x]\n',
    });
    expect(one.routes).toEqual(other.routes);
  });
});

describe('a set named after an instance', () => {
  const shared = R(
    'routes:\n  - {host: a.example, paths: [/a/], auth: {scheme: Bearer, secret: any}}\n',
  );
  const two = {
    'agents/dev.yaml':
      'provider: {command: [bash]}\nbottles: [base]\ninstances:\n  - {name: dev}\n  - {name: other}\n',
  };

  test('belongs to that instance alone', () => {
    const { bottles } = loadValid({
      ...two,
      'routes/dev.yaml': 'routes: [{host: own.example}]\n',
      'allowlists/dev.yaml': 'hosts: [wide.example]\n',
    });
    expect(bottles[DEV]?.spec.egress.routes.map((route) => route.host)).toEqual(['own.example']);
    expect(bottles[DEV]?.spec.allowlist.map((entry) => entry.host)).toEqual(['wide.example']);
    expect(bottles[bottleName('other')]?.spec).toMatchObject({
      egress: { routes: [] },
      allowlist: [],
    });
  });

  test('adds requests to a host of a shared set and keeps its credential', () => {
    const { bottles } = loadValid(
      { ...two, ...shared, 'routes/dev.yaml': 'routes: [{host: a.example, paths: [/b/]}]\n' },
      HOST,
    );
    const prefixes = (name: string) =>
      bottles[bottleName(name)]?.spec.egress.routes.flatMap((route) =>
        route.matches.flatMap((match) => match.paths.map((path) => path.value)),
      );
    expect(prefixes('dev')).toEqual(['/a/', '/b/']);
    expect(prefixes('other')).toEqual(['/a/']);
    expect(bottles[DEV]?.spec.egress.routes[0]).toMatchObject({
      ports: [443],
      auth: { scheme: 'Bearer', secret: 'any' },
    });
  });

  test('adds ports to those that a route has anyway', () => {
    const ports = (shared: string, own: string) =>
      networkOf({
        ...R(`routes:\n  - {host: a.example${shared}}\n`),
        'routes/dev.yaml': `routes: [{host: a.example${own}}]\n`,
      }).routes[0]?.ports;
    expect(ports('', ', ports: [8443]')).toEqual([80, 443, 8443]);
    expect(ports(', ports: [8443]', '')).toEqual([8443]);
    expect(ports('', '')).toEqual([80, 443]);
    expect(ports(', ports: [8443]', ', ports: [9443]')).toEqual([8443, 9443]);
    expect(ports(', auth: {scheme: Bearer, secret: any}', ', ports: [8443]')).toEqual([443, 8443]);
  });

  test('cannot swap the credential of a shared set', () => {
    const own = {
      'routes/dev.yaml': 'routes: [{host: a.example, auth: {scheme: Basic, secret: any}}]\n',
    };
    expect(load({ ...shared, ...own }, HOST).diagnostics).toMatchObject([
      { code: 'duplicate-host', file: 'routes/dev.yaml' },
    ]);
    const same = {
      'routes/dev.yaml': 'routes: [{host: a.example, auth: {scheme: Bearer, secret: any}}]\n',
    };
    expect(load({ ...shared, ...same }, HOST).diagnostics).toEqual([]);
  });

  test('cannot make a grant for a while outlive its end', () => {
    const expiring = R(
      'routes:\n  - {host: a.example, paths: [/a/], expires: 2026-02-01T00:00:00Z}\n',
    );
    const { routes } = networkOf({
      ...expiring,
      'routes/dev.yaml': 'routes: [{host: a.example, paths: [/b/]}]\n',
    });
    expect(routes[0]?.expires).toBe('2026-02-01T00:00:00Z');
  });
});

describe('a provider', () => {
  test('brings the route of its own host, open without a secret', () => {
    const { routes } = networkOf({ 'agents/dev.yaml': 'provider: claude\n' });
    expect(routes).toEqual([egressRoute('api.anthropic.com', { ports: [443] })]);
  });

  test('injects the secret that the agent names for it', () => {
    const { routes, origins } = networkOf({
      'agents/dev.yaml': 'provider: {name: claude, auth: {scheme: Bearer, secret: anthropic}}\n',
    });
    expect(routes).toEqual([
      egressRoute('api.anthropic.com', {
        ports: [443],
        auth: { scheme: 'Bearer', secret: 'anthropic' },
      }),
    ]);
    expect(origins).toEqual({ 'route:api.anthropic.com': { file: 'agents/dev.yaml', line: 1 } });
  });

  test('that is custom brings the hosts that it declares', () => {
    const { routes } = networkOf({
      'agents/dev.yaml': 'provider: {command: [x], hosts: [llm.example]}\n',
    });
    expect(routes.map((route) => route.host)).toEqual(['llm.example']);
  });
});

describe('an allowlist', () => {
  test('unites the lists of a bottle; of one host twice the longer grant holds', () => {
    const { allowlist, origins } = networkOf({
      'bottles/base.yaml': 'allowlists: [a, b]\n',
      'allowlists/a.yaml':
        'hosts:\n  - {host: x.example, reason: once, expires: 2026-12-01T00:00:00Z}\n',
      'allowlists/b.yaml': 'hosts:\n  - "*.cdn.example"\n  - x.example\n',
    });
    expect(allowlist).toEqual([
      { host: '*.cdn.example', reason: null, expires: null },
      { host: 'x.example', reason: null, expires: null },
    ]);
    expect(origins['allow:x.example']).toEqual({ file: 'allowlists/b.yaml', line: 3 });
  });
});

test('all problems of a commit are told at once, in the order of places', () => {
  const { desired, diagnostics } = load({
    'agents/dev.yaml': 'promt: x\nprovider: {name: claud}\nbottles: [bse]\n',
    'bottles/base.yaml': 'extends: nix\nenv: {A: 1}\nroutes: [r]\n',
    'routes/r.yaml':
      'routes:\n  - {host: "http://a"}\n  - {host: b.example, auth: {scheme: Bearer, secret: nix}}\n',
  });
  expect(desired).toBeNull();
  expect(lines(diagnostics)).toEqual([
    'agents/dev.yaml:1:1 unknown key "promt" (did you mean "prompt"?)',
    'agents/dev.yaml:2:18 "name" cannot be "claud" (did you mean "claude"?)',
    'agents/dev.yaml:3:11 there is no bottle "bse" (did you mean "base"?)',
    'bottles/base.yaml:1:10 there is no bottle "nix" (write bottles/nix.yaml)',
    'bottles/base.yaml:2:10 "A" must be a text in quotes, {fromHost: NAME} or {ask: question} (write it in quotes: "1")',
    'routes/r.yaml:2:12 "http://a" has a scheme (write the host alone, without "https://")',
    'routes/r.yaml:3:54 there is no secret "nix" (declare it in secrets.yaml of this machine)',
  ]);
});
