import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadDesiredState } from '../../src/desired/load.ts';
import type { TreeFile } from '../../src/desired/tree-file.ts';
import { hostPolicy, treeFiles } from '../builders/desired.ts';
import { NOW_MS, VALID } from './valid-tree.ts';

const HOST = hostPolicy();

const paths = fc.constantFrom(
  'fleet.yaml',
  'agents/dev.yaml',
  'agents/x.yaml',
  'bottles/base.yaml',
  'bottles/x.yaml',
  'routes/dev.yaml',
  'routes/x.yaml',
  'allowlists/x.yaml',
  'policies/x.yaml',
  'prompts/a.md',
  'skills/a/SKILL.md',
  'odd',
  '../x',
  '',
  'a//b.yaml',
);
const keys = fc.constantFrom(
  'name',
  'provider',
  'command',
  'bottles',
  'extends',
  'routes',
  'hosts',
  'host',
  'paths',
  'matches',
  'env',
  'image',
  'dockerfile',
  'prompt',
  'file',
  'skills',
  'instances',
  'auth',
  'secret',
  'scheme',
  'expires',
  'addresses',
  'constructor',
  'toString',
  'gitGate',
  'repos',
);
const scalars = fc.oneof(
  fc.constantFrom(
    'base',
    'x',
    'dev',
    'claude',
    '*.a.example',
    '/a/',
    '+x',
    '../x',
    null,
    true,
    3,
    -1,
    '^/(a+)+',
    'constructor',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const { value: shapes } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalars,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
  ),
}));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 200 }).map((text) => new TextEncoder().encode(text)),
  fc
    .array(
      fc.constantFrom(
        'a',
        ': ',
        '- ',
        '\n',
        '  ',
        '\t',
        '&a ',
        '*a',
        '{',
        '}',
        '[',
        ']',
        '"',
        "'",
        '|',
        '>',
        '#',
        '!t ',
        '? ',
        '---\n',
        '%',
        '<<: ',
      ),
      {
        maxLength: 60,
      },
    )
    .map((parts) => new TextEncoder().encode(parts.join(''))),
  shapes.map((value) => new TextEncoder().encode(JSON.stringify(value) ?? '')),
);
const files: fc.Arbitrary<TreeFile> = fc.record({
  mode: fc.constantFrom('100644', '100644', '100644', '100755', '120000', '160000'),
  bytes,
});

test('whatever the bytes: nothing is thrown, and nothing is desired exactly when there is an error', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(paths, files), { maxLength: 8 }),
      fc.boolean(),
      (entries, onValid) => {
        const tree = new Map([...(onValid ? treeFiles(VALID) : []), ...entries]);
        const { desired, diagnostics } = loadDesiredState(tree, HOST, { nowMs: NOW_MS });
        expect(desired === null).toBe(diagnostics.some((found) => found.severity === 'error'));
        for (const found of diagnostics) {
          expect(found.line).toBeGreaterThan(0);
          expect(found.column).toBeGreaterThan(0);
          expect(found.message).toMatch(/^[^\p{Cc}\p{Cf}]+$/u);
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('the order of files means nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(paths, files), { maxLength: 8 }), (entries) => {
      const tree = new Map([...treeFiles(VALID), ...entries]);
      const reversed = new Map([...tree].reverse());
      const one = loadDesiredState(tree, HOST, { nowMs: NOW_MS });
      const other = loadDesiredState(reversed, HOST, { nowMs: NOW_MS });
      expect(other.diagnostics).toEqual(one.diagnostics);
      expect(other.desired?.bottles).toEqual(one.desired?.bottles);
    }),
    { numRuns: 300 },
  );
});

test.for([
  ['brackets', '['.repeat(100_000)],
  ['dashes', '- '.repeat(50_000)],
  ['keys', 'a: {'.repeat(20_000)],
  ['many keys', Array.from({ length: 50_000 }, (_, index) => `k${index}: x`).join('\n')],
  ['an open quote', `a: "${'\\'.repeat(100_000)}`],
] as const)('%s without end are a problem, quickly', ([, text]) => {
  const startMs = performance.now();
  const { desired } = loadDesiredState(treeFiles({ ...VALID, 'bottles/x.yaml': text }), HOST, {
    nowMs: NOW_MS,
  });
  expect(desired).toBeNull();
  expect(performance.now() - startMs).toBeLessThan(10_000);
});
