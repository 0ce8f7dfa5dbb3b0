import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { tarOf } from '../../../src/backends/docker/archive.ts';

const owner = { uid: 1000, gid: 1000, mode: 0o644 };

async function entriesOf(archive: Buffer) {
  const entries = extract();
  Readable.from([archive]).pipe(entries);
  const found: string[] = [];
  for await (const entry of entries) {
    const { name, type, uid } = entry.header;
    found.push(`${type} ${name} ${uid}`);
    entry.resume();
  }
  return found;
}

test('folders that copied files need belong to the owner of the files, once each', async () => {
  const content = new TextEncoder().encode('x');
  const archive = await tarOf([
    { path: '.bb/skills/a/SKILL.md', content, ...owner },
    { path: '.bb/prompt.md', content, ...owner },
    { path: 'link', content: { linkTo: '/etc/hosts' }, ...owner },
  ]);
  expect(await entriesOf(archive)).toEqual([
    'directory .bb 1000',
    'directory .bb/skills 1000',
    'directory .bb/skills/a 1000',
    'file .bb/skills/a/SKILL.md 1000',
    'file .bb/prompt.md 1000',
    'symlink link 1000',
  ]);
});
