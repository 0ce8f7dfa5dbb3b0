import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Unusable, unpackRootfs } from '../../../src/backends/embedded/rootfs/unpack-rootfs.ts';

type Written = Partial<Header> & { readonly name: string; readonly text?: string };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bb-unpack-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const LIMITS = { bytes: 1024 * 1024, entries: 20 };

async function archiveOf(entries: readonly Written[]): Promise<Buffer> {
  const archive = pack();
  for (const { text, ...header } of entries) {
    if (text === undefined) archive.entry(header);
    else archive.entry(header, text);
  }
  archive.finalize();
  return buffer(archive);
}

async function unpackBytes(bytes: Uint8Array): Promise<{ readonly leftOut: number }> {
  const archive = join(folder, 'archive');
  writeFileSync(archive, bytes);
  mkdirSync(join(folder, 'root'));
  return unpackRootfs(archive, join(folder, 'root'), LIMITS);
}

const unpack = async (...entries: readonly Written[]) => unpackBytes(await archiveOf(entries));
const at = (name: string) => join(folder, 'root', name);
const file = (name: string, text = 'x'): Written => ({ name, text });

const REFUSED: readonly {
  readonly title: string;
  readonly entries: Written[];
  readonly says: RegExp;
}[] = [
  {
    title: 'a name that leads out',
    entries: [file('a/../../out')],
    says: /a name that leads out of it: "a\/\.\.\/\.\.\/out"/,
  },
  {
    title: 'a file behind a link that leads out',
    entries: [{ name: 'a', type: 'symlink', linkname: '..' }, file('a/out')],
    says: /"a" as a folder and as something else/,
  },
  {
    title: 'a folder in the place of a link',
    entries: [
      { name: 'a', type: 'symlink', linkname: '..' },
      { name: 'a', type: 'directory' },
    ],
    says: /"a" as a folder and as something else/,
  },
  {
    title: 'a link in the place of a folder',
    entries: [
      { name: 'a', type: 'directory' },
      { name: 'a', type: 'symlink', linkname: '..' },
    ],
    says: /"a" as a folder and as something else/,
  },
  {
    title: 'a hard link to a file outside, by a name',
    entries: [{ name: 'a', type: 'link', linkname: '../secret' }],
    says: /leads out of it: "\.\.\/secret"/,
  },
  {
    title: 'a hard link to a file outside, by a link',
    entries: [
      { name: 'up', type: 'symlink', linkname: '..' },
      { name: 'a', type: 'link', linkname: 'up/secret' },
    ],
    says: /no earlier file of it: "up\/secret"/,
  },
  {
    title: 'a hard link to a link',
    entries: [
      { name: 'up', type: 'symlink', linkname: '../secret' },
      { name: 'a', type: 'link', linkname: 'up' },
    ],
    says: /no earlier file of it: "up"/,
  },
  {
    title: 'a name that is too long for the disk',
    entries: [file('x'.repeat(300))],
    says: /cannot be read/,
  },
  {
    title: 'more entries than there may be',
    entries: Array.from({ length: 21 }, (_, index) => file(`${index}`)),
    says: /more than 20 entries/,
  },
  {
    title: 'more bytes than there may be',
    entries: [file('large', 'x'.repeat(LIMITS.bytes))],
    says: /larger than 1048576 bytes/,
  },
  { title: 'nothing', entries: [], says: /is no archive/ },
];

it.for(REFUSED)('an archive with $title is refused, and nothing is outside', async (one) => {
  writeFileSync(join(folder, 'secret'), 'of the host');
  const refused = unpack(...one.entries);
  await expect(refused).rejects.toThrow(one.says);
  await expect(refused).rejects.toBeInstanceOf(Unusable);
  expect(existsSync(join(folder, 'out'))).toBe(false);
  expect(statSync(join(folder, 'secret')).nlink).toBe(1);
  expect(lstatSync(at('a'), { throwIfNoEntry: false })?.isFile() ?? false).toBe(false);
});

it('what is near to these and leads nowhere else is taken', async () => {
  await unpack(
    ...[file('./a/./b//c', 'one'), file('/etc/absolute', 'two')],
    { name: 'out', type: 'symlink', linkname: '/etc/passwd' },
    { name: 'same', type: 'link', linkname: 'a/b/c' },
    { name: 'a', type: 'directory', mode: 0o700 },
    ...[file('..name', 'three'), ...Array.from({ length: 14 }, (_, index) => file(`${index}`))],
  );
  const read = (name: string) => readFileSync(at(name), 'utf8');
  expect([read('a/b/c'), read('etc/absolute'), read('..name')]).toEqual(['one', 'two', 'three']);
  expect(readlinkSync(at('out'))).toBe('/etc/passwd');
  expect(statSync(at('same')).ino).toBe(statSync(at('a/b/c')).ino);
  expect(statSync(at('a')).mode & 0o7777).toBe(0o700);
});

it('of two files of a name the later one is there, and a link of that name was not followed', async () => {
  writeFileSync(join(folder, 'secret'), 'of the host');
  await unpack(
    ...[file('a', 'first'), { name: 'b', type: 'symlink', linkname: '../secret' } as const],
    ...[file('a', 'second'), file('b', 'own')],
  );
  expect(readFileSync(at('a'), 'utf8')).toBe('second');
  expect(readFileSync(at('b'), 'utf8')).toBe('own');
  expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('of the host');
});

it('devices and pipes are left out, rights to run as somebody else and of others to write too', async () => {
  const told = await unpack(
    { name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 },
    { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
    { name: 'pipe', type: 'fifo' },
    { ...file('su'), mode: 0o6777 },
    { ...file('tool'), mode: 0o755 },
    { name: 'tmp', type: 'directory', mode: 0o1777 },
    { name: 'shut', type: 'directory', mode: 0o100 },
  );
  expect(told).toEqual({ leftOut: 3 });
  expect(['sda', 'null', 'pipe'].some((name) => existsSync(at(name)))).toBe(false);
  const modes = ['su', 'tool', 'tmp', 'shut'].map((name) => statSync(at(name)).mode & 0o7777);
  expect(modes).toEqual([0o755, 0o755, 0o755, 0o700]);
});

it('times are those of the archive where they can be', async () => {
  const [then, never] = [new Date('2020-02-02T02:02:02Z'), new Date(8.64e15)];
  const before = Date.now() - 1000;
  await unpack({ ...file('then'), mtime: then }, { ...file('never'), mtime: never });
  expect(statSync(at('then')).mtimeMs).toBe(then.getTime());
  expect(statSync(at('never')).mtimeMs).toBeGreaterThan(before);
});

it('one by gzip is the same, and one that unpacks to too much is ended', async () => {
  await unpackBytes(gzipSync(await archiveOf([file('a', 'one')])));
  expect(readFileSync(at('a'), 'utf8')).toBe('one');
  rmSync(at(''), { recursive: true });
  const bomb = gzipSync(Buffer.alloc(LIMITS.bytes * 8));
  await expect(unpackBytes(bomb)).rejects.toThrow(/larger than 1048576 bytes/);
});

it.for([
  { title: 'cut off in a file', change: (bytes: Buffer) => bytes.subarray(0, 700) },
  { title: 'cut off in a header', change: (bytes: Buffer) => bytes.subarray(0, 300) },
  { title: 'no archive at all', change: () => Buffer.alloc(2048, 'text') },
  { title: 'cut off in its gzip', change: (bytes: Buffer) => gzipSync(bytes).subarray(0, 40) },
])('what is $title is refused', async ({ change }) => {
  const bytes = await archiveOf([file('a', 'x'.repeat(1000))]);
  await expect(unpackBytes(change(bytes))).rejects.toBeInstanceOf(Unusable);
});

it('what is cut off in a file is refused also when its end is known before the file is begun', async () => {
  const bytes = await archiveOf([file(`${'d/'.repeat(40)}a`, 'x'.repeat(1000))]);
  await expect(unpackBytes(bytes.subarray(0, 700))).rejects.toBeInstanceOf(Unusable);
}, 5_000);
