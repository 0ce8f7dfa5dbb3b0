import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readIgnoreFile } from '../../../src/model/dockerfile/ignore-file.ts';

const PATHS = ['.env', 'README.md', 'bin/run', 'bin/sub/notes.md', 'node_modules/a/b.js', 'x[1]'];

/** What of `PATHS` is left after `lines`. */
function left(...lines: readonly string[]): readonly string[] {
  const { ignores } = readIgnoreFile(lines.join('\n'));
  return PATHS.filter((path) => !ignores(path));
}

const without = (...paths: readonly string[]) => PATHS.filter((path) => !paths.includes(path));

describe('a .dockerignore', () => {
  test.each<readonly [lines: readonly string[], ignored: readonly string[]]>([
    [[], []],
    [['# .env', '', '   '], []],
    [[' #.env', '.env '], ['.env']],
    [['/bin/'], ['bin/run', 'bin/sub/notes.md']],
    [['./bin//run'], ['bin/run']],
    [['*.md'], ['README.md']],
    [['**/*.md'], ['README.md', 'bin/sub/notes.md']],
    [['**.md'], ['README.md', 'bin/sub/notes.md']],
    [['**n/run', '**run.'], ['bin/run']],
    [['bin/**'], ['bin/run', 'bin/sub/notes.md']],
    [['**/sub'], ['bin/sub/notes.md']],
    [['bin/*/notes.md'], ['bin/sub/notes.md']],
    [['b?n/r[a-u]n'], ['bin/run']],
    [['b?n/r[^a-u]n'], []],
    [['bin?run', 'bin[!-0]run'], []],
    [['x\\[1\\]'], ['x[1]']],
    [['x[1]'], []],
    [['readme.md'], []],
    [['../.env', 'bin/../../.env'], []],
    [['bin/../.env'], ['.env']],
    [['*', '!bin'], without('bin/run', 'bin/sub/notes.md')],
    [['**', '!**/*.md', 'README.md'], without('bin/sub/notes.md')],
    [
      ['!bin', 'bin'],
      ['bin/run', 'bin/sub/notes.md'],
    ],
    [['bin', '! bin/sub'], ['bin/run']],
    [['\uFEFF.env\r'], ['.env']],
  ])('%j leaves out %j', (lines, ignored) => {
    expect(left(...lines)).toEqual(without(...ignored));
  });

  test('what is no pattern is told with its line, and the others hold', () => {
    const { ignores, wrong } = readIgnoreFile('.env\n[a-\n!\n');
    expect(wrong.map(({ line }) => line)).toEqual([2, 3]);
    expect(ignores('.env')).toBe(true);
    expect(readIgnoreFile('a\n'.repeat(500)).wrong).toEqual([]);
    expect(readIgnoreFile('a\n'.repeat(502)).wrong).toEqual([
      { line: 501, why: 'there are more than 500 patterns' },
    ]);
  });

  const name = fc.stringMatching(/^[a-z.é😀]{1,6}$/u).filter((text) => !/^\.+$/.test(text));
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((steps) => steps.join('/'));

  test('a path leaves out itself and all below it, and an exception takes just that in again', () => {
    fc.assert(
      fc.property(path, path, (one, other) => {
        const isBelow = other === one || other.startsWith(`${one}/`);
        expect(readIgnoreFile(one).ignores(other)).toBe(isBelow);
        expect(readIgnoreFile(`**\n!${one}`).ignores(other)).toBe(!isBelow);
        expect(readIgnoreFile(`**/${one}`).ignores(`${other}/${one}`)).toBe(true);
        expect(readIgnoreFile(other.replace(/[^/.]/gu, '?')).ignores(other)).toBe(true);
      }),
    );
  });

  test('any text is read and asked, and no pattern takes long', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, asked) => {
        expect([true, false]).toContain(readIgnoreFile(text).ignores(asked));
      }),
    );
    const hostile = `${'**/*a*/'.repeat(100)}b`;
    expect(readIgnoreFile(hostile).ignores('aaaa/'.repeat(400))).toBe(false);
  });
});
