import { chmod, chown, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type BottleName, parseBottleName } from '../../model/names.ts';
import { bottleLayout } from '../../model/state-layout.ts';
import type { Owner } from './generations.ts';
import { hiddenTemporaryPath } from './temporary-file.ts';

/** A folder of a bottle that is mounted somewhere. */
interface MountedFolder {
  readonly path: string;
  readonly mode: number;
  readonly owner: Owner;
}

/**
 * Makes the folders of a bottle. A new bottle's tree appears whole, by rename, so that a watcher never sees half of it.
 *
 * Modes: everything above the mounts is 0700 of the controller's user. A container reaches its folders nevertheless,
 * because a bind mount is entered at its own inode: no parent of the source is looked up again inside. So each mounted
 * folder alone carries the mode for its reader: 0700 of the sidecar user, and 0755 for `trust`, which the agent reads.
 */
export async function prepareFolders(
  stateDirectory: string,
  bottle: BottleName,
  sidecarUser: Owner,
): Promise<void> {
  const layout = bottleLayout(stateDirectory, bottle);
  await mkdir(dirname(layout.root), { recursive: true, mode: 0o700 });
  await ensureFolder({ path: layout.queue, mode: 0o700, owner: sidecarUser });
  const present = await lstat(layout.root).catch(() => null);
  if (present !== null) return ensureTree(layout.root, layout.root, sidecarUser);
  const temporary = hiddenTemporaryPath(layout.root);
  await ensureTree(temporary, layout.root, sidecarUser);
  await rename(temporary, layout.root).catch(async (error: NodeJS.ErrnoException) => {
    await rm(temporary, { recursive: true, force: true });
    // Another call made it in the meantime.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });

  async function ensureTree(root: string, finalRoot: string, owner: Owner): Promise<void> {
    const at = (path: string) => join(root, relative(finalRoot, path));
    const { egressIn, egressOut, egressState, superviseIn, superviseOut, bundleOut } = layout;
    const mounts = [egressIn, egressOut, egressState, superviseIn, superviseOut, bundleOut];
    await mkdir(root, { recursive: true, mode: 0o700 });
    for (const path of mounts) await ensureFolder({ path: at(path), mode: 0o700, owner });
    await ensureFolder({ path: at(layout.trust), mode: 0o755, owner: null });
  }
}

/** Idempotent, and repairs mode and owner of a folder that is there. */
async function ensureFolder({ path, mode, owner }: MountedFolder): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const stats = await lstat(path);
  if (!stats.isDirectory()) throw new Error(`${path} is in the way: it is not a folder`);
  if (owner !== null && (stats.uid !== owner.uid || stats.gid !== owner.gid)) {
    await chown(path, owner.uid, owner.gid);
  }
  if ((stats.mode & 0o7777) !== mode) await chmod(path, mode);
}

/** Bottles that have folders, in order of their names. */
export async function listFolders(stateDirectory: string): Promise<readonly BottleName[]> {
  const names = await readdir(join(stateDirectory, 'bottles')).catch(absentIsEmpty);
  return names.flatMap((name) => parseBottleName(name) ?? []).sort();
}

function absentIsEmpty(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
