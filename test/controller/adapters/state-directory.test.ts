import { chmod, lstat, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  ensureStateDirectory,
  stateDirectory,
} from '../../../src/controller/adapters/state-directory.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';
import { fleetName } from '../../builders/status.ts';

test('a fleet’s state is below XDG_STATE_HOME, a relative one of which is ignored', () => {
  const at = (environment: { readonly [name: string]: string }) =>
    stateDirectory(environment, fleetName('home'));
  expect(at({ XDG_STATE_HOME: '/state', HOME: '/h' })).toBe('/state/bb/home');
  expect(at({ XDG_STATE_HOME: 'state', HOME: '/h' })).toBe('/h/.local/state/bb/home');
  expect(at({ HOME: '/h' })).toBe('/h/.local/state/bb/home');
});

test('it is made for its owner only, and a link in its place is refused', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'bb', 'home');
  await ensureStateDirectory(path);
  await chmod(path, 0o777);
  await ensureStateDirectory(path);
  expect((await lstat(path)).mode & 0o777).toBe(0o700);
  await mkdir(join(folder.path, 'elsewhere'));
  await symlink(join(folder.path, 'elsewhere'), join(folder.path, 'link'));
  await expect(ensureStateDirectory(join(folder.path, 'link'))).rejects.toMatchObject({
    kind: 'no-permission',
  });
});
