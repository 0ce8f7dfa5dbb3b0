import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rootfsOf } from '../../../src/controller/adapters/host-rootfs.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';

test('an archive is another one when it changed, a folder stays the same, what is absent is no error', async () => {
  await using folder = await temporaryFolder();
  const [path, archive] = [join(folder.path, 'root'), join(folder.path, 'root.tar')];
  mkdirSync(path);
  writeFileSync(archive, 'first');
  const look = () => rootfsOf({ path, archive, absent: join(folder.path, 'absent') });
  const first = look();
  expect(first['path']).toEqual({ path, identity: null });
  expect(first['absent']?.identity).toBeNull();
  expect(first['archive']?.identity).toMatch(/^5-/);
  expect(look()).toEqual(first);
  writeFileSync(join(path, 'more'), '');
  writeFileSync(archive, 'the second');
  expect(look()['path']).toEqual(first['path']);
  expect(look()['archive']?.identity).not.toBe(first['archive']?.identity);
});
