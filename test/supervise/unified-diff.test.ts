import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unifiedDiff } from '../../src/supervise/unified-diff.ts';
import { temporaryFolder } from '../builders/state-directory.ts';

describe('a unified diff', () => {
  test('shows a change with three lines around it', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\nh\n';
    expect(unifiedDiff('routes/dev.yaml', before, before.replace('e\n', 'E\n+\n'))).toBe(
      [
        '--- a/routes/dev.yaml',
        '+++ b/routes/dev.yaml',
        '@@ -2,7 +2,8 @@',
        ' b',
        ' c',
        ' d',
        '-e',
        '+E',
        '++',
        ' f',
        ' g',
        ' h',
        '',
      ].join('\n'),
    );
  });

  test('shows a file that is made, and one that is removed', () => {
    expect(unifiedDiff('x', null, 'a\n')).toBe('--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n');
    expect(unifiedDiff('x', 'a\n', null)).toBe('--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n');
  });

  test('is empty for equal texts', () => {
    expect(unifiedDiff('x', 'a\n', 'a\n')).toBe('');
  });

  test('of large unrelated texts is a replacement, soon', () => {
    const numbered = (prefix: string) =>
      Array.from({ length: 5_000 }, (_, number) => `${prefix}${number}\n`).join('');
    const diff = unifiedDiff('x', numbered('a'), numbered('b'));
    expect(diff.split('\n')).toHaveLength(10_004);
  });

  test('is what git applies to get the new text from the old one, whatever they are', async () => {
    await using folder = await temporaryFolder();
    const text = fc
      .array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', '- x\n', '+ y\n', ' z', '@@ -1 +1 @@\n'))
      .map((lines) => lines.join(''));
    await fc.assert(
      fc.asyncProperty(text, text, async (before, after) => {
        if (before === after) return;
        const file = join(folder.path, 'routes/dev.yaml');
        await mkdir(join(file, '..'), { recursive: true });
        await writeFile(file, before);
        const options = { cwd: folder.path, input: unifiedDiff('routes/dev.yaml', before, after) };
        await execa('git', ['apply', '--unidiff-zero', '--whitespace=nowarn', '-'], options);
        expect(await readFile(file, 'utf8')).toBe(after);
      }),
      { numRuns: 100 },
    );
  });
});
