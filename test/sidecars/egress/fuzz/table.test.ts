import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/model/fingerprint.ts';
import { decide } from '../../../../src/sidecars/egress/decide.ts';
import { EnforcedTable } from '../../../../src/sidecars/egress/enforced-table.ts';
import { readRequest } from '../../../../src/sidecars/egress/read-request.ts';
import { corpusOf, fuzz } from './mutation.ts';

const NOW = '2026-06-01T00:00:00.000Z';
const WORDS = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  'null',
  'true',
  '1e999',
  '-0',
  '"__proto__":',
  '"deny":[],',
  '\\u0000',
];
const ODD = fc.constantFrom<unknown>(
  ...[
    null,
    true,
    -1,
    1.5,
    1e308,
    '',
    'x',
    '*',
    '(',
    '(a+)+$',
    '*.',
    '__proto__',
    '127.0.0.1/99',
    [],
    {},
    [[]],
  ],
  ...[{ toString: 1 }, ['a', 1], '2026-13-45', '9999-12-31T23:59:59Z', '\r\nx: y'],
);

const [GOOD = Buffer.alloc(0)] = corpusOf('table');

test('a table that does not parse leaves the one before it in force', () => {
  fuzz('table', WORDS, (input) => {
    const table = new EnforcedTable();
    expect(load(table, GOOD.toString())).toBe(true);
    const before = table.current;
    const text = input.toString('latin1');
    const isLoaded = load(table, text);
    if (!isLoaded) expect(table.current).toBe(before);
    expect(table.status(0).error === null).toBe(isLoaded);
    if (isLoaded) ask(table);
  });
});

test('a table with a strange value anywhere, rightly hashed, is refused or can be decided by', () => {
  const seeds = corpusOf('table').map((entry) => JSON.parse(entry.toString()));
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.nat(), ODD, (seed, at, odd) => {
      const changed = withValueAt(seed, at, odd);
      const { routes, allowlist, upstream, secrets, pipelockConfig } = changed;
      const hash = fingerprint({ routes, allowlist, upstream, secrets, pipelockConfig });
      const table = new EnforcedTable();
      if (load(table, JSON.stringify({ ...changed, hash }))) ask(table);
      else expect(table.current).toBe(null);
    }),
    { numRuns: 1000, interruptAfterTimeLimit: 10_000 },
  );
});

function load(table: EnforcedTable, text: string): boolean {
  const secrets = JSON.stringify({ k: { version: 'v1', value: 'secret-value' } });
  return table.load((name) => (name === 'table.json' ? text : secrets), NOW);
}

/** Whatever a table says that was taken, no request makes it throw. */
function ask(table: EnforcedTable): void {
  for (const target of ['http://api.x.test/v1/a?b=c', 'http://a.wild.test/', 'http://open.test/']) {
    const { host } = new URL(target);
    const read = readRequest({ method: 'GET', target, headers: ['Host', host] }, null);
    if (read.kind !== 'request') throw new Error(read.reason);
    expect(['allow', 'deny']).toContain(decide(table.current, read.request, Date.parse(NOW)).kind);
  }
  expect(table.nextExpiryMs(0)).not.toBeNaN();
}

type Json = { [name: string]: unknown };

/** A copy in which the nth value, counted from the outside in, is another one. */
function withValueAt(seed: Json, at: number, value: unknown): Json {
  const copy = structuredClone(seed);
  const places: { readonly holder: Json; readonly name: string }[] = [];
  const visit = (holder: Json): void => {
    for (const [name, inner] of Object.entries(holder)) {
      places.push({ holder, name });
      if (typeof inner === 'object' && inner !== null) visit(inner as Json);
    }
  };
  visit(copy);
  const place = places[at % places.length];
  if (place !== undefined) place.holder[place.name] = value;
  return copy;
}
