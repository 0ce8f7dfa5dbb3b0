import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A new name beside `path` that tells who made it: what a process that was killed left behind can be told from the rest. */
export function temporaryPath(path: string): string {
  return `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
}

/** The same hidden, for what must not be listed while it is being made: a folder, a link. */
export function hiddenTemporaryPath(path: string): string {
  return join(dirname(path), `.${basename(temporaryPath(path))}`);
}

/**
 * Removes from `folder` what dead processes left of `temporaryPath` and was to become a name that `isOurs`.
 * Best effort: what cannot be removed is in nobody's way, and a pid that was given away again is waited for.
 */
export async function removeAbandoned(
  folder: string,
  isOurs: (name: string) => boolean = () => true,
): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const abandoned = names.filter((each) => {
    const made = /^\.?(.+)\.(\d+)\.[0-9a-f]{12}\.tmp$/.exec(each);
    return made !== null && isOurs(made[1] ?? '') && !isRunning(Number(made[2]));
  });
  const remove = (each: string) => rm(join(folder, each), { recursive: true, force: true });
  await Promise.all(abandoned.map((each) => remove(each).catch(() => undefined)));
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
