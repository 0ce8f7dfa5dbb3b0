import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSafeRegex } from '../../src/desired/regex/safety.ts';

describe('a regular expression of a path', () => {
  test.for([
    '^/[a-z]+$',
    '^/v[0-9]+/users/[^/]+$',
    '^/repos(/[A-Za-z0-9._-]+)*$',
    '^/(?:a|b)/',
    '^/a$|^/b$',
    '^/api/.*$',
    '^/files/.*\\.json$',
    '^/\\d{1,3}/\\w+$',
    '^/a{2,4}b?$',
    '^/x(?:y|z)?$',
    '^/é+$',
    '^/[\\d-]+$',
  ])('%s is accepted', (source) => {
    expect(parseSafeRegex(source)).toEqual({ ok: true, value: source });
  });

  test.for([
    ['^(a+)+$', 'nested repetition'],
    ['^(a*)*$', 'nested repetition that may be empty'],
    ['^(a|a)*$', 'two ways for one character'],
    ['^(a|ab)(c|bcd)*$', 'two ways by length'],
    ['^(?:a?|b?){20}c$', 'two empty ways'],
    ['^(?:a?){30}a{30}$', 'optional repeated'],
    ['^a*a*$', 'neighbours that overlap'],
    ['^.*x.*y$', 'two free repetitions'],
    ['^.*(?:a|a)(?:a|a)$', 'a free repetition before ambiguity'],
    ['/a', 'no start'],
    ['^/a|/b', 'one alternative without start'],
    ['^(a)\\1$', 'a back-reference'],
    ['^(?=a)a$', 'a lookahead'],
    ['^(?<!a)b$', 'a lookbehind'],
    ['^a\\b', 'a word border'],
    ['^\\p{L}+$', 'a property'],
    ['^[a-z]{1000}$', 'too many repetitions'],
    [`^${'a'.repeat(600)}$`, 'too long'],
  ] as const)('%s is refused: %s', ([source]) => {
    expect(parseSafeRegex(source)).toMatchObject({ ok: false, code: 'unsafe-regex' });
  });

  test.for(['^(a', '^[', '^a{2', '^*', '^\\'])('%s is not one', (source) => {
    expect(parseSafeRegex(source)).toMatchObject({ ok: false, code: 'invalid-regex' });
  });

  test('what is accepted runs in time that grows with the text, on texts made to hurt', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '[ab]',
      '[^a]',
      '.',
      '\\w',
      '(?:a|b)',
      '(?:ab)',
      '(?:b|ab)',
    );
    const quantifier = fc.constantFrom('', '', '*', '+', '?', '{0,3}', '{2,}');
    const group = fc.array(
      fc.tuple(atom, quantifier).map(([a, q]) => a + q),
      { minLength: 1, maxLength: 3 },
    );
    const source = fc
      .array(fc.tuple(group, fc.boolean(), quantifier), { minLength: 1, maxLength: 3 })
      .map(
        (groups) =>
          `^${groups.map(([items, wrap, q]) => (wrap ? `(?:${items.join('')})${q}` : items.join(''))).join('')}$`,
      );
    let accepted = 0;
    fc.assert(
      fc.property(source, fc.constantFrom('a', 'ab', 'b', 'aab'), (raw, unit) => {
        if (!parseSafeRegex(raw).ok) return;
        accepted += 1;
        const before = process.cpuUsage();
        new RegExp(raw, 'u').test(`${unit.repeat(20_000)}!\n`);
        // A quadratic run over 20,000 characters takes seconds, an exponential one for ever.
        expect(process.cpuUsage(before).user).toBeLessThan(500_000);
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
