import { buffer } from 'node:stream/consumers';
import { type Headers, pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { filesOfArchive } from '../../src/controller/session-archive.ts';

const PATTERN = '.agent/sessions/*/talk-*.log';

async function archiveOf(
  ...entries: readonly (Partial<Headers> & { readonly name: string })[]
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
