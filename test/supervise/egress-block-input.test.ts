import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEgressBlock } from '../../src/supervise/egress-block-input.ts';

const complete = {
  host: 'API.Example.test',
  path_allowlist: ['/v1/', '/v1/', '/%7euser/%c3%a9'],
  methods: ['get', 'POST', 'GET'],
  auth: { scheme: 'Bearer', secret: 'example-token' },
  justification: 'why',
};

describe('the input of egress-block', () => {
  test('is brought into the one form that is stored', () => {
    expect(parseEgressBlock(complete)).toEqual({
      ok: true,
      justification: 'why',
      request: {
        tool: 'egress-block',
        host: 'api.example.test',
        pathAllowlist: ['/v1/', '/~user/%C3%A9'],
        methods: ['GET', 'POST'],
        auth: { scheme: 'Bearer', secret: 'example-token' },
      },
    });
  });

  test('needs no more than a host and a justification', () => {
    expect(parseEgressBlock({ host: 'a.test', justification: 'why' })).toEqual({
      ok: true,
      justification: 'why',
      request: { tool: 'egress-block', host: 'a.test', pathAllowlist: [], methods: [], auth: null },
    });
  });

  test.each([
    ['host', { host: undefined }],
    ['host', { host: 7 }],
    ['host', { host: 'https://a.test/x' }],
    ['host', { host: '10.0.0.1' }],
    ['host', { host: '*.a.test' }],
    ['path_allowlist', { path_allowlist: '/v1/' }],
    ['path_allowlist', { path_allowlist: [1] }],
    ['path_allowlist', { path_allowlist: ['v1'] }],
    ['path_allowlist', { path_allowlist: ['https://a.test/v1'] }],
    ['path_allowlist', { path_allowlist: ['/v1/../admin'] }],
    ['path_allowlist', { path_allowlist: ['/v1/..;a/admin'] }],
    ['path_allowlist', { path_allowlist: ['/v1/%2e%2e/admin'] }],
    ['path_allowlist', { path_allowlist: ['/v1%2fadmin'] }],
    ['path_allowlist', { path_allowlist: ['/v1//'] }],
    ['path_allowlist', { path_allowlist: ['/v1?x=1'] }],
    ['path_allowlist', { path_allowlist: ['/v1\n- /'] }],
    ['path_allowlist', { path_allowlist: ['/v1/*"'] }],
    ['path_allowlist', { path_allowlist: [`/${'a'.repeat(600)}`] }],
    ['path_allowlist', { path_allowlist: Array.from({ length: 51 }, (_, n) => `/${n}`) }],
    ['methods', { methods: ['GET POST'] }],
    ['methods', { methods: ['CONNECT'] }],
    ['methods', { methods: ['GET\r\nX: y'] }],
    ['methods', { methods: 'GET' }],
    ['auth', { auth: 'Bearer x' }],
    ['auth.scheme', { auth: { scheme: 'header', secret: 'x' } }],
    ['auth.secret', { auth: { scheme: 'Bearer' } }],
    ['auth.secret', { auth: { scheme: 'Bearer', secret: 'ghp_x y' } }],
    ['auth.value', { auth: { scheme: 'Bearer', secret: 'x', value: 'y' } }],
    ['justification', { justification: undefined }],
    ['justification', { justification: '  \n ' }],
    ['justification', { justification: 'x'.repeat(2_001) }],
    ['bottle', { bottle: 'other' }],
  ])('is refused naming %s for %j', (field, wrong) => {
    const parsed = parseEgressBlock({ ...complete, ...wrong });
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.field)).toEqual([field]);
  });

  test('tells everything that is wrong at once', () => {
    const parsed = parseEgressBlock({ host: '', methods: ['?'] });
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.field)).toEqual([
      'host',
      'methods',
      'justification',
    ]);
  });

  test('that is anything at all gives a value, and only printable text in problems', () => {
    const field = fc.oneof(fc.anything(), fc.string({ unit: 'binary' }), fc.array(fc.string()));
    const keys = ['host', 'path_allowlist', 'methods', 'auth', 'justification', '__proto__'];
    const input = fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), field);
    fc.assert(
      fc.property(fc.oneof(fc.anything(), input), (raw) => {
        const parsed = parseEgressBlock(raw);
        expect(JSON.stringify(parsed)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      }),
      { numRuns: 500 },
    );
  });
});
