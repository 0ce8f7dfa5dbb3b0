import { cp, mkdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';

const ROOT = resolve(import.meta.dirname, '..');
const SHIPPED = ['bin', 'dist', 'images', 'schemas', 'desired-state', 'package.json'];

/**
 * Builds `bb` and copies what ships into `folder`, so that what is measured stays the same while somebody builds again.
 * Returns the path of the program.
 */
export async function installBb(folder: string): Promise<string> {
  await execa(process.execPath, [join(ROOT, 'scripts/build.ts')], { cwd: ROOT });
  await mkdir(folder, { recursive: true });
  for (const name of SHIPPED) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'bin/bb');
}
