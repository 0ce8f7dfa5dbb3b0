import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { chown, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeEtc } from '../etc-folder.ts';
import { hostPrograms } from '../host-programs.ts';
import { BESIDE, CHANGED_ETC, changedName } from '../image-root.ts';
import { LAYER, SAVED_HOME } from '../images.ts';
import { makeOpenFolder } from '../open-to-others.ts';
import type { HostUser } from '../records.ts';
import { removeTree } from '../remove-tree.ts';

const LIMIT_MS = 120_000;
const run = promisify(execFile);

/** Makes the folders that a build fills below `folder`, for whoever builds. */
export async function prepareLayer(folder: string, user: HostUser | null): Promise<void> {
  const own = changedFolders().flatMap((name) =>
    ['upper', 'work'].map((part) => join(folder, 'changes', name, part)),
  );
  const beside = join(folder, LAYER, BESIDE);
  const home = join(beside, 'home');
  const within = [join(beside, 'root'), home, join(home, 'agent'), join(home, 'agent', 'work')];
  for (const path of [...own, beside, ...within]) {
    makeOpenFolder(path);
    if (user !== null) await chown(path, user.uid, user.gid);
  }
  const etc = join(folder, 'etc');
  writeEtc(etc, {
    // Copies of its own: it may be written to.
    copies: join(folder, 'host-etc'),
    isHosts: true,
    hostname: 'build',
    user: { uid: 1000, gid: 1000, name: 'agent', home: '/home/agent' },
    hosts: {},
    resolves: false,
    mountPoints: [],
  });
  if (user === null) return;
  await run('chown', ['-R', `${user.uid}:${user.gid}`, '--', etc], { timeout: LIMIT_MS });
}

/**
 * Makes of what was built the layer of an image: nobody's to change any more, with no program that would run as somebody
 * else, and safe on the disk.
 */
export async function finishLayer(folder: string, user: HostUser | null): Promise<void> {
  const layer = join(folder, LAYER);
  for (const name of changedFolders()) {
    await rename(join(folder, 'changes', name, 'upper'), join(layer, name));
  }
  await removeTree(join(layer, BESIDE, 'home', 'agent'));
  for (const name of [
    'changes',
    'stage',
    'etc',
    'host-etc',
    'mounts',
    'status',
    'log',
    'nothing',
  ]) {
    await removeTree(join(folder, name));
  }
  const options = { timeout: LIMIT_MS };
  if (user !== null) await run('chown', ['-hR', '0:0', '--', layer], options);
  await run(
    'find',
    [layer, '-type', 'f', '-perm', '/6000', '-exec', 'chmod', 'ug-s', '--', '{}', '+'],
    options,
  );
  await run(
    'find',
    [layer, '-type', 'd', '!', '-perm', '-500', '-exec', 'chmod', 'u+rx', '--', '{}', '+'],
    options,
  );
  await run('sync', ['-f', layer], options);
}

/** Bytes that it has on the disk by now, or those of the home that is kept of it where that is more. */
export async function layerBytes(folder: string, signal: AbortSignal): Promise<number> {
  const paths = ['changes', LAYER].map((name) => join(folder, name)).filter(existsSync);
  // What vanishes meanwhile is told on stderr, and by its exit code.
  const said = await run('du', ['-skc', '--', ...paths], { timeout: LIMIT_MS, signal }).catch(
    (error: unknown) => error,
  );
  const text =
    typeof said === 'object' && said !== null && 'stdout' in said ? String(said.stdout) : '';
  const bytes = Number(text.trimEnd().split('\n').at(-1)?.split('\t')[0] ?? 0) * 1024;
  const home = statSync(join(folder, SAVED_HOME), { throwIfNoEntry: false });
  return Math.max(bytes, home?.size ?? 0);
}

function changedFolders(): readonly string[] {
  const own = hostPrograms().filter(({ link }) => link === null);
  return [...own.map(({ path }) => changedName(path)), CHANGED_ETC];
}
