import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { RouteGrant } from '../../src/desired/edit/merge-route.ts';
import {
  addAllowlistHost,
  addInstance,
  mergeRoute,
  removeInstance,
  setFleetSuspend,
  setInstanceSuspend,
  UneditableText,
} from '../../src/desired/edit.ts';

const grant = (partial: Partial<RouteGrant> = {}): RouteGrant => ({
  host: 'api.example.test',
  pathAllowlist: ['/v1/'],
  methods: [],
  auth: null,
  expires: null,
  ...partial,
});

const HANDWRITTEN = `# whose it is
routes:
    # the forge
    - host:   API.example.test   # the old one
      paths: [/public/,  /v1/]
      auth: {scheme: token, secret: 'y'}

    # another
    - {host: "b.test",   matches: [{methods: [GET], paths: [{exact: /x}]}]}
# end
`;

describe('merging a route', () => {
  test('into nothing makes a file that editors check', () => {
    expect(
      mergeRoute(
        null,
        grant({ auth: { scheme: 'Bearer', secret: 'x' }, expires: '2026-12-01T00:00:00Z' }),
      ),
    ).toBe(`# yaml-language-server: $schema=../../schemas/routes.schema.json
routes:
  - host: api.example.test
    paths: [/v1/]
    auth: {scheme: Bearer, secret: x}
    expires: 2026-12-01T00:00:00Z
`);
  });

  test('with methods writes a match', () => {
    expect(mergeRoute('routes: []\n', grant({ methods: ['GET', 'POST'] }))).toBe(`routes:
  - host: api.example.test
    matches:
      - paths: [{prefix: /v1/}]
        methods: [GET, POST]
`);
  });

  test('of a host that is absent appends it with the proposed credential', () => {
    const auth = { scheme: 'Bearer', secret: 'x' } as const;
    expect(mergeRoute(HANDWRITTEN, grant({ host: 'new.test', auth }))).toBe(
      HANDWRITTEN.replace(
        '# end',
        '    - host: new.test\n      paths: [/v1/]\n      auth: {scheme: Bearer, secret: x}\n# end',
      ),
    );
  });

  test('of a host that is present unites paths, existing first, keeps its credential and every other line', () => {
    const auth = { scheme: 'Bearer', secret: 'stolen' } as const;
    expect(mergeRoute(HANDWRITTEN, grant({ pathAllowlist: ['/v2/', '/v1/', '/v2/'], auth }))).toBe(
      HANDWRITTEN.replace('[/public/,  /v1/]', '[/public/, /v1/, /v2/]'),
    );
  });

  test('that adds nothing leaves the text as it is', () => {
    expect(mergeRoute(HANDWRITTEN, grant())).toBe(HANDWRITTEN);
    expect(mergeRoute(HANDWRITTEN, grant({ methods: ['GET'] }))).toBe(HANDWRITTEN);
  });

  test('into a route that is open already leaves it open', () => {
    const open = 'routes:\n  - host: api.example.test # all of it\n';
    expect(mergeRoute(open, grant())).toBe(open);
    expect(mergeRoute(open, grant({ methods: ['GET'] }))).toBe(open);
  });

  test('for every path and method opens a restricted route', () => {
    const merged = mergeRoute(HANDWRITTEN, grant({ pathAllowlist: [] }));
    expect(parse(merged).routes[0]).toEqual({
      host: 'API.example.test',
      auth: { scheme: 'token', secret: 'y' },
    });
  });

  test('with methods joins the match of the same methods, and no other', () => {
    const host = 'b.test';
    const same = parse(mergeRoute(HANDWRITTEN, grant({ host, methods: ['GET'] }))).routes[1];
    expect(same.matches).toEqual([
      { methods: ['GET'], paths: [{ exact: '/x' }, { prefix: '/v1/' }] },
    ]);
    const other = parse(mergeRoute(HANDWRITTEN, grant({ host, methods: ['POST'] }))).routes[1];
    expect(other.matches).toEqual([
      { methods: ['GET'], paths: [{ exact: '/x' }] },
      { paths: [{ prefix: '/v1/' }], methods: ['POST'] },
    ]);
    const any = parse(mergeRoute(HANDWRITTEN, grant({ host }))).routes[1];
    expect(any).toMatchObject({
      paths: ['/v1/'],
      matches: [{ methods: ['GET'], paths: [{ exact: '/x' }] }],
    });
    const wholeMethod = parse(
      mergeRoute(HANDWRITTEN, grant({ host, methods: ['GET'], pathAllowlist: [] })),
    ).routes[1];
    expect(wholeMethod.matches).toEqual([{ methods: ['GET'] }]);
  });

  test('never touches a match that asks for headers', () => {
    const text =
      'routes:\n  - host: api.example.test\n    matches: [{methods: [GET], headers: [{name: a, exact: b}]}]\n';
    expect(parse(mergeRoute(text, grant({ methods: ['GET'] }))).routes[0].matches).toEqual([
      { methods: ['GET'], headers: [{ name: 'a', exact: 'b' }] },
      { paths: [{ prefix: '/v1/' }], methods: ['GET'] },
    ]);
  });

  test('keeps the end that a grant has', () => {
    const text =
      'routes:\n  - {host: api.example.test, paths: [/a/], expires: 2026-01-01T00:00:00Z}\n';
    expect(parse(mergeRoute(text, grant())).routes[0]).toEqual({
      host: 'api.example.test',
      paths: ['/a/', '/v1/'],
      expires: '2026-01-01T00:00:00Z',
    });
  });

  test('does not change what shares an anchor with the route', () => {
    const text =
      'routes:\n  - {host: a.test, paths: &p [/a/]}\n  - {host: api.example.test, paths: *p}\n';
    expect(parse(mergeRoute(text, grant())).routes).toEqual([
      { host: 'a.test', paths: ['/a/'] },
      { host: 'api.example.test', paths: ['/a/', '/v1/'] },
    ]);
  });

  test('of a text that is no routes file is refused', () => {
    expect(() => mergeRoute('routes: {', grant())).toThrow(UneditableText);
    expect(() => mergeRoute('routes: 3\n', grant())).toThrow(UneditableText);
    expect(() => mergeRoute('- a\n', grant())).toThrow(UneditableText);
    expect(mergeRoute('# only a comment\n', grant())).toContain('host: api.example.test');
  });
});

const hostile = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc
      .array(
        fc.constantFrom(
          'a',
          ': ',
          '\n',
          '- ',
          '#',
          '"',
          "'",
          '{',
          '}',
          '[',
          ']',
          '*',
          '&',
          '!',
          '|',
          '>',
          '%',
          '\t',
          ',',
          '---',
          '\r',
          '\u2028',
        ),
        { maxLength: 20 },
      )
      .map((parts) => parts.join('')),
  )
  .filter((text) => text.isWellFormed());

test('no value can break out of its place in a route', () => {
  fc.assert(
    fc.property(
      fc.record({
        host: hostile,
        pathAllowlist: fc.array(hostile, { maxLength: 3 }),
        methods: fc.array(hostile, { maxLength: 2 }),
        secret: hostile,
        expires: hostile,
      }),
      fc.constantFrom(null, 'routes: []\n', 'routes:\n- host: b.test # x\n'),
      ({ secret, ...rest }, text) => {
        const { host, pathAllowlist, methods, expires } = rest;
        const { routes } = parse(mergeRoute(text, { ...rest, auth: { scheme: 'Bearer', secret } }));
        const paths = [...new Set(pathAllowlist)];
        const prefixes = paths.map((prefix) => ({ prefix }));
        const anyMethod = methods.length === 0;
        expect(routes.at(-1)).toEqual({
          host,
          ...(anyMethod && paths.length > 0 ? { paths } : {}),
          ...(anyMethod
            ? {}
            : {
                matches: [
                  {
                    ...(paths.length > 0 ? { paths: prefixes } : {}),
                    methods: [...new Set(methods)],
                  },
                ],
              }),
          auth: { scheme: 'Bearer', secret },
          expires,
        });
        expect(routes.length).toBe(text?.includes('b.test') === true ? 2 : 1);
      },
    ),
    { numRuns: 500 },
  );
});

test('no value can break out of its place in an allowlist', () => {
  fc.assert(
    fc.property(
      hostile,
      hostile,
      fc.constantFrom(null, 'hosts: []\n', 'hosts:\n- b.test # x\n'),
      (host, reason, text) => {
        expect(parse(addAllowlistHost(text, { host, reason })).hosts.at(-1)).toEqual({
          host,
          reason,
        });
        expect(parse(addAllowlistHost(text, { host })).hosts.at(-1)).toEqual(host);
      },
    ),
  );
});

describe('adding a host to an allowlist', () => {
  const text = 'hosts:\n- a.test   # first\n- {host: c.test,   reason: "q"}\n';

  test('appends it in the way that the file is written', () => {
    expect(addAllowlistHost(text, { host: 'x.test' })).toBe(`${text}- x.test\n`);
    expect(
      addAllowlistHost(text, { host: 'x.test', reason: 'docs', expires: '2026-12-01T00:00:00Z' }),
    ).toBe(`${text}- host: x.test\n  reason: docs\n  expires: 2026-12-01T00:00:00Z\n`);
  });

  test('that is there in another spelling changes nothing', () => {
    expect(addAllowlistHost(text, { host: 'C.TEST' })).toBe(text);
  });

  test('makes the file when there is none', () => {
    expect(addAllowlistHost(null, { host: 'x.test' })).toBe(
      '# yaml-language-server: $schema=../../schemas/allowlists.schema.json\nhosts:\n  - x.test\n',
    );
  });
});

describe('instances', () => {
  const listed = `provider: claude   # p
instances:
  # the one
  - {name: one,   label: One}   # c
  - name: two
    suspend: true
`;
  const counted = 'provider: claude   # p\ninstances: 3\n';

  test('of a list are removed, the last one too', () => {
    const without = removeInstance(listed, 'two');
    expect(without).toBe(listed.replace('  - name: two\n    suspend: true\n', ''));
    expect(removeInstance(without, 'one')).toBe('provider: claude   # p\ninstances: []\n');
  });

  test('of a number are removed: the last by counting down, others by listing what stays', () => {
    expect(removeInstance(counted, 'r-3')).toBe(counted.replace('3', '2'));
    expect(removeInstance(counted, 'r-2')).toBe(
      'provider: claude   # p\ninstances:\n  - {name: r-1}\n  - {name: r-3}\n',
    );
    expect(removeInstance('provider: claude\ninstances: 1\n', 'r-1')).toBe(
      'provider: claude\ninstances: []\n',
    );
  });

  test('that are not written are removed too', () => {
    expect(removeInstance('provider: claude\n', 'r')).toBe('provider: claude\ninstances: []\n');
  });

  test('are suspended and unsuspended, and other lines stay', () => {
    expect(setInstanceSuspend(listed, 'two', false)).toBe(
      listed.replace('    suspend: true\n', ''),
    );
    expect(parse(setInstanceSuspend(listed, 'one', true)).instances[0]).toEqual({
      name: 'one',
      label: 'One',
      suspend: true,
    });
    expect(setInstanceSuspend(listed, 'two', true)).toBe(listed);
    expect(parse(setInstanceSuspend(counted, 'r-2', true)).instances).toEqual([
      { name: 'r-1' },
      { name: 'r-2', suspend: true },
      { name: 'r-3' },
    ]);
  });

  test('are added to a list, a number and a default', () => {
    expect(addInstance(listed, 'r', { name: 'three', label: 'Three' })).toBe(
      `${listed}  - {name: three, label: Three}\n`,
    );
    expect(
      parse(addInstance(counted, 'r', { name: 'x' })).instances.map(
        (entry: { name: string }) => entry.name,
      ),
    ).toEqual(['r-1', 'r-2', 'r-3', 'x']);
    expect(parse(addInstance('provider: claude\n', 'r', { name: 'x' })).instances).toEqual([
      { name: 'r' },
      { name: 'x' },
    ]);
  });

  test('that are unknown or taken are refused', () => {
    expect(() => removeInstance(listed, 'three')).toThrow(/no instance "three"/);
    expect(() => setInstanceSuspend(counted, 'r-4', true)).toThrow(UneditableText);
    expect(() => addInstance(listed, 'r', { name: 'one' })).toThrow(/there already/);
  });
});

test('a fleet is suspended and unsuspended without touching other lines', () => {
  const fleet = '# mine\nname: home  # x\ndefaults: {backend:   auto}\n';
  const suspended = setFleetSuspend(fleet, true);
  expect(suspended).toBe(`${fleet}suspend: true\n`);
  expect(setFleetSuspend(suspended, false)).toBe(fleet);
  expect(setFleetSuspend(fleet, false)).toBe(fleet);
});
