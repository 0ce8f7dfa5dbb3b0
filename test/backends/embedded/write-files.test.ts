import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeFiles } from '../../../src/backends/embedded/write-files.ts';

let folder = '';
const file = (path: string, mode = 0o644) => ({
  ...{ path, mode, uid: 1000, gid: 1000 },
  content: Buffer.from('text'),
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bb-files-'));
  mkdirSync(join(folder, 'home/kit'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

it('files, links and the folders to them are written with the modes that were asked for', () => {
  const place = { base: join(folder, 'home'), folder: '/kit', owner: null };
  const link = { ...file('a/link'), content: { linkTo: 'file' } };
  writeFiles(place, [file('a/file', 0o666), link]);
  expect(lstatSync(join(folder, 'home/kit/a/file')).mode & 0o777).toBe(0o666);
  expect(readlinkSync(join(folder, 'home/kit/a/link'))).toBe('file');
  writeFiles(place, [file('a/link')]);
  expect(readFileSync(join(folder, 'home/kit/a/link'), 'utf8')).toBe('text');
});

it('no link in the way is followed, and no name leads out', () => {
  mkdirSync(join(folder, 'outside'));
  symlinkSync(join(folder, 'outside'), join(folder, 'home/kit/out'));
  const place = { base: join(folder, 'home'), folder: '/kit', owner: null };
  for (const path of ['out/file', 'out/deep/file', '../../outside/file', '..', '.']) {
    expect(() => writeFiles(place, [file(path)])).toThrow();
  }
  expect(() => writeFiles({ ...place, folder: '/kit/out' }, [file('file')])).toThrow();
  expect(readdirSync(join(folder, 'outside'))).toEqual([]);
});
