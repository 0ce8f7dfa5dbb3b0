import { chmod, lstat, mkdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { FleetName } from '../../model/names.ts';
import { homeFolder } from './home-folder.ts';
import { storeError } from './store-error.ts';

type Environment = { readonly [name: string]: string | undefined };

/** Folder of everything that bb keeps on this host, one folder a fleet in it. */
export function stateRoot(environment: Environment): string {
  const configured = environment['XDG_STATE_HOME'];
  // A relative one is to be ignored, says the XDG specification.
  if (configured !== undefined && isAbsolute(configured)) return join(configured, 'bb');
  return join(homeFolder(environment), '.local', 'state', 'bb');
}

/** Where the state of a fleet is, see `model/state-layout.ts`. */
export function stateDirectory(environment: Environment, fleet: FleetName): string {
  return join(stateRoot(environment), fleet);
}

/**
 * Makes the fleet's folder, for its owner only (0700). A sidecar of another user still gets at what is its own: each
 * of its folders is mounted by itself, and a mount is entered at its own inode, without passing through its parents.
 *
 * @throws StoreError when it cannot be made or belongs to somebody else.
 */
export async function ensureStateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const stats = await lstat(path);
    const own = process.getuid?.();
    const isOurs = stats.isDirectory() && (own === undefined || stats.uid === own);
    if (!isOurs) throw Object.assign(new Error('not ours'), { code: 'EPERM' });
    if ((stats.mode & 0o077) !== 0) await chmod(path, 0o700);
  } catch (error) {
    storeError(path)(error);
  }
}
