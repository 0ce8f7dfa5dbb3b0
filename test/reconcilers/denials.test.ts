import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { coversHost } from '../../src/model/host-name.ts';
import { renderEgress } from '../../src/reconcilers/egress/render-table.ts';
import { decide } from '../../src/sidecars/egress/decide.ts';
import { compileTable } from '../../src/sidecars/egress/route-table.ts';
import { bottleName } from '../builders/desired.ts';
import { HOST } from '../builders/observed.ts';
import { loadValid } from '../desired/valid-tree.ts';

const NOW_MS = Date.parse('2026-01-01T12:00:00Z');
// A small world, so that lists and denials meet often.
const NAMES = ['x.test', 'a.x.test', 'b.a.x.test', 'y.test', 'c.y.test', 'ax.test'];
const host = fc.constantFrom(...NAMES, ...NAMES.map((name) => `*.${name}`));
const hosts = fc.uniqueArray(host, { maxLength: 5 });
const program = { path: '/opt/pipelock', identity: '1' };

/** What both gates of a bottle get that lists, routes and denials of these layers make. */
function gates(lists: Lists, layers: readonly (readonly string[])[]) {
  const written = (texts: readonly string[]) => JSON.stringify(texts);
  const objects = (texts: readonly string[]) => JSON.stringify(texts.map((host) => ({ host })));
  const bottles = layers.map((deny, index): [string, string] => [
    `bottles/l${index}.yaml`,
    `deny: ${written(deny)}\n${index === 0 ? 'allowlists: [a]\nroutes: [r]\n' : ''}`,
  ]);
  const state = loadValid({
    'agents/dev.yaml': `provider: {command: [bash]}\nbottles: [${bottles.map((_, index) => `l${index}`)}]\n`,
    ...Object.fromEntries(bottles),
    'allowlists/a.yaml': `hosts: ${written(lists.allowlist)}\n`,
    'routes/r.yaml': `routes: ${objects(lists.routes)}\n`,
    'allowlists/dev.yaml': `hosts: ${written(lists.own)}\n`,
  });
  const bottle = state.bottles[bottleName('dev')];
  if (bottle === undefined) throw new Error('there is no bottle dev');
  const rendered = renderEgress(bottle, { ...HOST, pipelock: program }, NOW_MS);
  const table = compileTable({ ...rendered.table, generation: 1 }, {});
  return {
    reaches: (name: string) => decide(table, requestTo(name), NOW_MS).kind === 'allow',
    second: parse(rendered.pipelockConfig ?? '').api_allowlist as readonly string[],
  };
}

interface Lists {
  readonly allowlist: readonly string[];
  readonly routes: readonly string[];
  readonly own: readonly string[];
}

const requestTo = (name: string) => ({
  scheme: 'https' as const,
  authority: { host: name, port: 443 },
  method: 'GET',
  path: '/',
  query: '',
  headers: new Map<string, readonly string[]>(),
});

test('whatever a layer denies is closed at both gates, and a layer more opens nothing', () => {
  let closed = 0;
  fc.assert(
    fc.property(
      fc.record({ allowlist: hosts, routes: hosts, own: hosts }),
      fc.array(hosts, { minLength: 1, maxLength: 2 }),
      hosts,
      (lists, layers, added) => {
        const before = gates(lists, layers);
        const after = gates(lists, [...layers, added]);
        const denied = [...layers.flat(), ...added];
        for (const name of NAMES) {
          if (after.reaches(name)) expect(before.reaches(name)).toBe(true);
          if (denied.some((pattern) => coversHost(pattern, name))) {
            expect(after.reaches(name)).toBe(false);
          } else expect(after.reaches(name)).toBe(before.reaches(name));
          if (before.reaches(name) && !after.reaches(name)) closed += 1;
        }
        for (const listed of after.second) {
          expect(denied.some((pattern) => coversHost(pattern, listed))).toBe(false);
          if (listed !== 'nobody.invalid') expect(before.second).toContain(listed);
        }
      },
    ),
    { numRuns: 300 },
  );
  // Denials that meet nothing prove nothing.
  expect(closed).toBeGreaterThan(20);
});
