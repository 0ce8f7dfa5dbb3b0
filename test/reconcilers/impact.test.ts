import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Impact } from '../../src/model/action.ts';
import { highestImpact, impactOf, impactRow } from '../../src/reconcilers/impact.ts';
import { completeBottle } from '../builders/observed.ts';

const ROWS: readonly (readonly [path: string, impact: Impact])[] = [
  ['/label', 'none'],
  ['/color', 'none'],
  ['/description', 'none'],
  ['/egress/routes/0/matches', 'reload'],
  ['/allowlist/packages.example.test', 'reload'],
  ['/supervise/waitSeconds', 'reload'],
  ['/gitGate/repos/site/url', 'reload'],
  ['/secrets/api', 'reload'],
  ['/sidecars/image', 'restart-sidecar'],
  ['/image', 'replace-agent'],
  ['/env/PAGER', 'replace-agent'],
  ['/networks/pool', 'replace-agent'],
  ['/backend', 'replace-bottle'],
];

test.for(ROWS)('a change of %s costs: %s', ([path, impact]) => {
  expect(impactOf({ op: 'remove', path })).toBe(impact);
});

test('every path of a bottle specification has a row', () => {
  const gaps = paths(completeBottle('dev').spec).filter((path) => impactRow(path) === undefined);
  expect(gaps).toEqual([]);
});

test('a path without a row is taken as hard on the agent', () => {
  expect(impactRow('/labels')).toBeUndefined();
  expect(impactOf({ op: 'remove', path: '/labels' })).toBe('replace-agent');
});

test('whatever lies below a path costs what the path costs', () => {
  const known = paths(completeBottle('dev').spec);
  fc.assert(
    fc.property(fc.constantFrom(...known), fc.stringMatching(/^[^/]+$/), (path, below) => {
      expect(impactRow(`${path}/${below}`)).toBe(impactRow(path));
    }),
  );
});

test('the highest of several impacts counts', () => {
  expect(highestImpact([])).toBe('none');
  expect(highestImpact(['reload', 'replace-agent', 'none'])).toBe('replace-agent');
});

/** Every JSON pointer to a value that holds no other. */
function paths(value: unknown, at = ''): readonly string[] {
  if (value === null || typeof value !== 'object' || Object.keys(value).length === 0) return [at];
  return Object.entries(value).flatMap(([key, member]) => paths(member, `${at}/${key}`));
}
