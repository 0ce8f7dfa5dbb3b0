import { statSync } from 'node:fs';
import type { HostRootfs } from '../../reconcilers/plan-context.ts';

/** What is at these paths now. One that is not there is told when a bottle is to be made of it. */
export function rootfsOf(paths: { readonly [name: string]: string }): {
  readonly [name: string]: HostRootfs;
} {
  return Object.fromEntries(
    Object.entries(paths).map(([name, path]) => [name, { path, identity: identityOf(path) }]),
  );
}

function identityOf(path: string): string | null {
  try {
    const stats = statSync(path);
    return stats.isFile() ? [stats.size, stats.mtimeMs, stats.ino].join('-') : null;
  } catch {
    return null;
  }
}
