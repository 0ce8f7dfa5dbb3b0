import { buffer } from 'node:stream/consumers';
import { type Header, pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { filesOfArchive } from '../../src/controller/session-archive.ts';

const PATTERN = '.agent/sessions/*/talk-*.log';

async function archiveOf(
  ...entries: readonly (Partial<Header> & { readonly name: string })[]
): Promise<Uint8Array> {
  const archive = pack();
  for (const entry of entries) {
    if (entry.type === undefined) archive.entry(entry, 'said');
    else archive.entry(entry);
  }
  archive.finalize();
  return buffer(archive);
}

const pathsOf = async (archive: Uint8Array, pattern = PATTERN) =>
  (await filesOfArchive(archive, pattern)).map(({ path }) => path);

test('what matches the pattern is taken, with its content', async () => {
  const archive = await archiveOf(
    { name: '.agent/sessions/may/talk-1.log' },
    { name: '.agent/sessions/june/talk-2+b.log' },
  );
  const files = await filesOfArchive(archive, PATTERN);
  expect(files.map(({ path }) => path)).toEqual([
    '.agent/sessions/may/talk-1.log',
    '.agent/sessions/june/talk-2+b.log',
  ]);
  expect(files.map(({ content }) => new TextDecoder().decode(content))).toEqual(['said', 'said']);
});

test.for([
  '.bashrc',
  '/.agent/sessions/may/talk-1.log',
  '.agent/sessions/may/deeper/talk-1.log',
  '.agent/sessions/../talk-1.log',
  '.agent/sessions/./talk-1.log',
  '.agent/sessions//talk-1.log',
  '.agent/sessions/may/talk-1xlog',
  '.agent/sessions/may/talk-1.log/..',
  '.agent/sessions/m\u001by/talk-1.log',
  'xagent/sessions/may/talk-1.log',
  `.agent/sessions/may/talk-${'1'.repeat(300)}.log`,
  `.agent/sessions/${'\u{1f980}'.repeat(64)}/talk-1.log`,
])('an agent that archives %j gets nothing back but what is beside it', async (name) => {
  const archive = await archiveOf({ name }, { name: '.agent/sessions/may/talk-2.log' });
  expect(await pathsOf(archive)).toEqual(['.agent/sessions/may/talk-2.log']);
});

test.for(['symlink', 'directory', 'fifo'] as const)('a %s is not taken', async (type) => {
  const name = '.agent/sessions/may/talk-1.log';
  const archive = await archiveOf({ name, type, linkname: '/etc/passwd', size: 0 });
  expect(await pathsOf(archive)).toEqual([]);
  expect(await pathsOf(await archiveOf({ name }))).toEqual([name]);
});

test('of a damaged archive what is whole is taken', async () => {
  const whole = await archiveOf(
    { name: '.agent/sessions/may/talk-1.log' },
    { name: '.agent/sessions/may/talk-2.log' },
  );
  expect(await pathsOf(whole.subarray(0, 1300))).toEqual(['.agent/sessions/may/talk-1.log']);
  expect(await pathsOf(new TextEncoder().encode('no archive'.repeat(200)))).toEqual([]);
  expect(await pathsOf(new Uint8Array())).toEqual([]);
});

test('of two of one name the first is taken, and no number of files is too much', async () => {
  const archive = pack();
  const name = '.agent/sessions/may/talk-1.log';
  archive.entry({ name }, 'first');
  archive.entry({ name }, 'second');
  for (let number = 0; number < 10_100; number++) {
    archive.entry({ name: `.agent/sessions/june/talk-${number}.log` }, '');
  }
  archive.finalize();
  const files = await filesOfArchive(await buffer(archive), PATTERN);
  expect(files).toHaveLength(10_000);
  expect(files[0]).toEqual({ path: name, content: Buffer.from('first') });
});

test('a pattern of many stars is decided at once, whatever the name is', async () => {
  const name = `${'a'.repeat(250)}b`;
  const archive = await archiveOf({ name }, { name: `${name}.log` });
  expect(await pathsOf(archive, `${'*a'.repeat(100)}*.log`)).toEqual([`${name}.log`]);
  expect(await pathsOf(archive, `${'*a'.repeat(120)}c`)).toEqual([]);
});

test('an archive whose header tells any size ends the list or is whole', async () => {
  const name = '.agent/sessions/may/talk-1.log';
  const whole = await archiveOf({ name }, { name: '.agent/sessions/may/talk-2.log' });
  for (const size of [
    '77777777777\0',
    '-0000000001\0',
    '           \0',
    'NaN00000000\0',
    '\uffff\uffff\uffff\uffff',
  ]) {
    const forged = Buffer.from(whole);
    forged.write(size, 124, 12, 'latin1');
    forged.write(checksumOf(forged.subarray(0, 512)), 148, 8, 'latin1');
    const files = await filesOfArchive(forged, PATTERN);
    expect(files.every(({ content }) => content.length <= whole.length)).toBe(true);
  }
  expect(await pathsOf(whole)).toHaveLength(2);
});

function checksumOf(header: Uint8Array): string {
  const sum = header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
  return `${sum.toString(8).padStart(6, '0')}\0 `;
}
