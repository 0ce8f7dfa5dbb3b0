import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFileMemo, createFolderMemo } from '../../../src/backends/embedded/file-memo.ts';

let folder = '';
let reads = 0;
const open = () =>
  createFileMemo((path) => {
    reads += 1;
    return readFileSync(path, 'utf8');
  });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bb-memo-'));
  reads = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

it('a file that stays the same is read once, as soon as it has rested', async () => {
  const path = join(folder, 'a');
  writeFileSync(path, 'one');
  const memo = open();
  await expect
    .poll(() => {
      const before = reads;
      expect(memo.read(path)).toBe('one');
      return reads - before;
    })
    .toBe(0);
});

it('a file that was written just now is read each time: its next change could not be told', () => {
  const path = join(folder, 'a');
  writeFileSync(path, 'one');
  const memo = open();
  expect(memo.read(path)).toBe('one');
  writeFileSync(path, 'two');
  expect(memo.read(path)).toBe('two');
});

it('a change in place, a replacement, a removal and a return are seen', async () => {
  const path = join(folder, 'a');
  const memo = open();
  const rested = (text: string) =>
    expect
      .poll(() => {
        const before = reads;
        return memo.read(path) === text && reads === before;
      })
      .toBe(true);
  writeFileSync(path, 'one');
  await rested('one');
  writeFileSync(path, 'two');
  utimesSync(path, 1, 1);
  expect(memo.read(path)).toBe('two');
  await rested('two');
  writeFileSync(`${path}.new`, 'six');
  renameSync(`${path}.new`, path);
  expect(memo.read(path)).toBe('six');
  rmSync(path);
  expect(memo.read(path)).toBeNull();
  writeFileSync(path, 'six');
  expect(memo.read(path)).toBe('six');
});

it('a file that is known is not looked at again, and one that is not is read', async () => {
  const [path, other] = [join(folder, 'a'), join(folder, 'b')];
  const memo = open();
  writeFileSync(path, 'one');
  writeFileSync(other, 'two');
  expect(memo.readKnown(join(folder, 'absent'))).toBeNull();
  await expect
    .poll(() => {
      const before = reads;
      return memo.read(path) === 'one' && reads === before;
    })
    .toBe(true);
  writeFileSync(path, 'six');
  expect(memo.readKnown(path)).toBe('one');
  expect(memo.readKnown(other)).toBe('two');
  expect(memo.read(path)).toBe('six');
});

it('a folder is unchanged once it has rested, until a file comes, goes or is replaced', async () => {
  const path = join(folder, 'a');
  const memo = createFolderMemo(folder);
  expect(memo.unchanged()).toBe(false);
  const rested = () => expect.poll(() => memo.unchanged()).toBe(true);
  for (const change of [
    () => writeFileSync(path, 'one'),
    () => {
      writeFileSync(`${path}.new`, 'two');
      renameSync(`${path}.new`, path);
    },
    () => rmSync(path),
  ]) {
    await rested();
    change();
    expect(memo.unchanged()).toBe(false);
  }
});

it('a folder that is taken away and made again is another', async () => {
  const inner = join(folder, 'runs');
  mkdirSync(inner);
  const memo = createFolderMemo(inner);
  await expect.poll(() => memo.unchanged()).toBe(true);
  rmSync(inner, { recursive: true });
  expect(memo.unchanged()).toBe(false);
  mkdirSync(inner);
  expect(memo.unchanged()).toBe(false);
});
