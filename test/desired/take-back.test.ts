import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { takeBack, UneditableText } from '../../src/desired/edit.ts';

const hosts = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e', 'f'), {
  maxLength: 6,
});
const routes = (names: readonly string[]) =>
  `routes:${names.length === 0 ? ' []' : names.map((name) => `\n  - host: ${name}.test`).join('')}\n`;

test('without later changes it gives the values from before, in their order', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('x', 'y', 1, true),
      fc.uniqueArray(fc.constantFrom('p', 'q', 'r')),
      fc.dictionary(fc.constantFrom('k', 'l', 'm'), tie('any')),
    ),
  })).any;
  const file = fc.dictionary(fc.constantFrom('k', 'l', 'm'), value).map((each) => stringify(each));
  fc.assert(
    fc.property(file, file, (before, after) => {
      expect(parse(takeBack(before, after, after))).toEqual(parse(before));
    }),
  );
});

test('hosts that others added or removed stay as they made them, wherever they stand', () => {
  fc.assert(
    fc.property(hosts, fc.constantFrom('x', 'y'), fc.nat(5), (others, mine, at) => {
      const now = others.toSpliced(at, 0, mine);
      const after = ['kept', mine];
      expect(takeBack(routes(['kept']), routes(after), routes(now))).toBe(routes(others));
    }),
  );
});

const LATER = `# whose it is
routes:
  - host: one.test # first
    paths: [/a/, /b/, /c/]
  # three is for the build
  - host: three.test
`;

test.for([
  [
    'a route that was added goes, with lines around it as they are',
    'routes:\n  - host: one.test\n',
    'routes:\n  - host: one.test\n  - host: three.test\n',
    LATER,
    LATER.slice(0, LATER.indexOf('  # three')),
  ],
  [
    'a path that was added to a route goes, and one that came later stays',
    'routes:\n  - host: one.test\n    paths: [/a/]\n',
    'routes:\n  - host: one.test\n    paths: [/a/, /b/]\n',
    LATER,
    LATER.replace(' /b/,', ''),
  ],
  [
    'the last host leaves an empty list',
    'hosts: []\n',
    'hosts:\n  - one.test\n',
    '# ours\nhosts:\n  - one.test\n',
    '# ours\nhosts: []\n',
  ],
  [
    'a route that was removed comes back where it stood, with its comment',
    'routes:\n  - host: a.test\n  - host: b.test # why\n  - host: c.test\n',
    'routes:\n  - host: a.test\n  - host: c.test\n',
    'routes:\n  - host: a.test\n  - host: c.test\n  - host: d.test\n',
    'routes:\n  - host: a.test\n  - host: b.test # why\n  - host: c.test\n  - host: d.test\n',
  ],
  [
    'a field that was changed is as it was, among others that changed since',
    'image: {name: a}\nenv:\n  PAGER: less\n',
    'image: {name: a}\nenv:\n  PAGER: more\n',
    'image: {name: b}\nenv:\n  PAGER: more\n  LANG: C\n',
    'image: {name: b}\nenv:\n  PAGER: less\n  LANG: C\n',
  ],
  [
    'a field that was removed comes back between its neighbours',
    'a: 1\nb: 2\nc: 3\n',
    'a: 1\nc: 3\n',
    'a: 1\nc: 4\n',
    'a: 1\nb: 2\nc: 4\n',
  ],
  [
    'a match of other methods than those that were added stays',
    'routes:\n  - host: a.test\n    matches:\n      - methods: [GET]\n',
    'routes:\n  - host: a.test\n    matches:\n      - methods: [GET]\n      - methods: [PUT]\n',
    'routes:\n  - host: a.test\n    matches:\n      - methods: [GET]\n      - methods: [PUT]\n      - methods: [POST]\n',
    'routes:\n  - host: a.test\n    matches:\n      - methods: [GET]\n      - methods: [POST]\n',
  ],
] as const)('%s', ([, before, after, now, expected]) => {
  expect(takeBack(before, after, now)).toBe(expected);
});

test.for([
  [
    'a value that was changed again',
    'env: {PAGER: less}\n',
    'env: {PAGER: more}\n',
    'env: {PAGER: most}\n',
    'env › PAGER was changed again since',
  ],
  [
    'a route that was widened after it was added',
    'routes: []\n',
    'routes: [{host: a.test, paths: [/a/]}]\n',
    'routes: [{host: a.test, paths: [/a/, /b/]}]\n',
    'routes › a.test was changed again since',
  ],
  [
    'a host that was written in another spelling',
    'hosts: []\n',
    'hosts: [ONE.test]\n',
    'hosts: [two.test, one.test]\n',
    'hosts › one.test was changed again since',
  ],
  [
    'a route that would lose its last path, and allow every one',
    'routes: [{host: a.test, paths: [/a/]}]\n',
    'routes: [{host: a.test, paths: [/a/, /b/]}]\n',
    'routes: [{host: a.test, paths: [/b/]}]\n',
    'routes › a.test › paths was changed again since',
  ],
  [
    'an order that was changed, in a list that has more since',
    'a: [1, 2]\n',
    'a: [2, 1]\n',
    'a: [2, 1, 3]\n',
    'a was changed again since',
  ],
  [
    'something nameless that may be what was changed',
    'a: []\n',
    'a: [{prefix: /x}]\n',
    'a: [{prefix: /y}]\n',
    'a was changed again since',
  ],
  ['a text from before that is no YAML', 'a: [\n', 'a: 1\n', 'a: 2\n', 'was not valid YAML'],
  [
    'aliases that expand without an end',
    'a: 1\n',
    `a: &a [x, x, x, x, x, x, x, x, x, x]\n${['b', 'c', 'd', 'e'].map((key, at) => `${key}: &${key} [${Array.from({ length: 10 }, () => `*${'abcd'[at]}`).join(', ')}]\n`).join('')}`,
    'a: 2\n',
    'alias',
  ],
] as const)('%s is in the way, and named', ([, before, after, now, words]) => {
  expect(() => takeBack(before, after, now)).toThrow(UneditableText);
  expect(() => takeBack(before, after, now)).toThrow(words);
});
