import { describe, expect, test } from 'vitest';
import type { EgressRoute, RouteMatch } from '../../src/model/egress-route.ts';
import { describeChange, effectiveChange } from '../../src/supervise/effective-change.ts';
import { riskNotes } from '../../src/supervise/risk-notes.ts';
import { bottle, desiredState, route } from '../builders/observed.ts';

const match = (prefixes: readonly string[], methods: readonly string[] = []): RouteMatch => ({
  paths: prefixes.map((value) => ({ kind: 'prefix', value })),
  methods,
  headers: [],
});
const fleet = (...routes: readonly EgressRoute[]) =>
  desiredState([bottle('dev', { egress: { routes } })]);

/** What an operator reads of the step between two fleets. */
function read(before: ReturnType<typeof fleet>, after: ReturnType<typeof fleet>) {
  const changes = effectiveChange(before, after);
  return { effective: describeChange(changes), risks: riskNotes(changes, before) };
}

const API = 'api.example.test';

describe('the effective change', () => {
  test('is what is allowed after and was not before', () => {
    const before = fleet(route(API, { matches: [match(['/v1/'], ['GET'])] }));
    const after = fleet(route(API, { matches: [match(['/v1/', '/v2/'], ['GET'])] }));
    expect(read(before, after)).toEqual({
      effective: [`dev: GET ${API} /v2/*`],
      risks: [],
    });
    expect(read(after, before).effective).toEqual([]);
  });

  test('says that GET may come with a body, and what is to be thought of', () => {
    const matches = [match(['/_search'])];
    const [before, after] = [
      fleet(route(API, { matches })),
      fleet(route(API, { matches, getBody: true })),
    ];
    expect(read(before, after)).toEqual({
      effective: [`dev: GET to ${API} may have a body`],
      risks: [`a server behind ${API} that expects no body of GET may read it as another request`],
    });
    expect(read(fleet(), after).risks).toContain(
      `a server behind ${API} that expects no body of GET may read it as another request`,
    );
    expect(read(after, before)).toEqual({ effective: [], risks: [] });
  });

  test('multiplies narrow lists that were united in one rule', () => {
    const before = fleet(route(API, { matches: [match(['/read/'], ['GET'])] }));
    const after = fleet(route(API, { matches: [match(['/read/', '/write/'], ['GET', 'POST'])] }));
    expect(read(before, after).effective).toEqual([
      `dev: POST ${API} /read/*`,
      `dev: GET, POST ${API} /write/*`,
    ]);
  });

  test('does not count what a wider prefix, any method or the allowlist allowed already', () => {
    const after = fleet(route(API, { matches: [match(['/v1/x/'], ['GET'])] }));
    const wider = fleet(route(API, { matches: [match(['/v1/'])] }));
    const whole = desiredState([
      bottle('dev', { allowlist: [{ host: API, reason: null, expires: null }] }),
    ]);
    expect(read(wider, after).effective).toEqual([]);
    expect(effectiveChange(whole, after)).toEqual([]);
  });

  test('counts what only requests with a header were allowed', () => {
    const json = { ...match(['/v1/'], ['GET']), headers: [{ name: 'accept', exact: 'text/x' }] };
    const narrow = fleet(route(API, { matches: [json] }));
    const wide = fleet(route(API, { matches: [json, match(['/v1/'], ['GET'])] }));
    expect(read(narrow, wide).effective).toEqual([`dev: GET ${API} /v1/*`]);
    expect(read(wide, narrow).effective).toEqual([]);
    expect(read(fleet(), narrow).effective).toEqual([`dev: GET ${API} /v1/* with accept: text/x`]);
  });

  test('compares prefixes at the borders of segments, as egress does', () => {
    const of = (path: string) => fleet(route(API, { matches: [match([path], ['GET'])] }));
    expect(read(of('/v1'), of('/v1/x')).effective).toEqual([]);
    expect(read(of('/v1/'), of('/v1/x')).effective).toEqual([]);
    expect(read(of('/v1'), of('/v1x')).effective).toEqual([`dev: GET ${API} /v1x /v1x/*`]);
    expect(read(of('/v1/'), of('/v1')).effective).toEqual([`dev: GET ${API} /v1 /v1/*`]);
  });

  test('tells every bottle that a shared set widens', () => {
    const before = desiredState([bottle('dev'), bottle('nightly')]);
    const wide = { egress: { routes: [route(API, { matches: [match(['/v1/'], ['GET'])] })] } };
    const after = desiredState([bottle('dev', wide), bottle('nightly', wide)]);
    expect(read(before, after)).toEqual({
      effective: [`dev: GET ${API} /v1/*`, `nightly: GET ${API} /v1/*`],
      risks: [`${API} is new to this fleet`, 'widens 2 bottles: dev, nightly'],
    });
  });

  test('tells that something else changes too', () => {
    const before = fleet(route(API));
    const after = desiredState([
      bottle('dev', { egress: { routes: [route(API, { ports: [22] })] }, label: 'x' }),
      bottle('extra'),
    ]);
    expect(read(before, after).effective).toEqual([
      `dev: the route of ${API} changes otherwise`,
      'dev: more than its egress and image changes',
      'extra: is new',
    ]);
  });
});

describe('risk notes', () => {
  test('say what to look at twice', () => {
    const before = fleet(route('api.example.com'));
    const after = fleet(
      route('api.example.com'),
      route('api.exarnple.com', { auth: { scheme: 'Bearer', secret: 'token' } }),
      route('*.cdn.example.test', { matches: [match(['/assets'], ['GET'])] }),
      route('xn--bcher-kva.example', { matches: [match(['/'], ['GET'])] }),
    );
    expect(read(before, after)).toEqual({
      effective: [
        'dev: any method api.exarnple.com (every path)',
        'dev: GET *.cdn.example.test /assets /assets/*',
        'dev: GET xn--bcher-kva.example (every path)',
        'dev: requests to api.exarnple.com carry the secret token',
      ],
      risks: [
        'opens every path of api.exarnple.com',
        'allows every method to api.exarnple.com',
        'requests to api.exarnple.com carry a credential: token',
        'api.exarnple.com is new to this fleet',
        'api.exarnple.com looks like api.example.com, which is another host',
        '*.cdn.example.test is a wildcard: every name below it',
        '*.cdn.example.test is new to this fleet',
        'opens every path of xn--bcher-kva.example',
        'xn--bcher-kva.example is new to this fleet',
        'xn--bcher-kva.example has letters outside ASCII',
      ],
    });
  });

  test('R39 name the credential that new paths of a known host would carry', () => {
    const auth = { scheme: 'Bearer', secret: 'token' } as const;
    const before = fleet(route(API, { auth, matches: [match(['/v1/'], ['GET'])] }));
    const after = fleet(route(API, { auth, matches: [match(['/v1/', '/v2/'], ['GET'])] }));
    expect(read(before, after).risks).toEqual([`requests to ${API} carry a credential: token`]);
  });
});
