import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** A disk of the test's own that can be filled, and made read-only. */
export interface SmallDisk extends AsyncDisposable {
  fill(): Promise<void>;
  /** Takes out what filled it. */
  free(): Promise<void>;
  /** For those who come to it from now on. */
  setReadOnly(isReadOnly: boolean): Promise<void>;
}

/** Mounts it at `folder`; null where that is not permitted. */
export async function smallDisk(folder: string): Promise<SmallDisk | null> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const run = (...argv: readonly string[]) => execa('mount', argv);
  const size = 'size=16m,mode=700';
  const mounted = await run('-t', 'tmpfs', '-o', size, 'bb-test', folder).catch(() => null);
  if (mounted === null) return null;
  let isCovered = false;
  /** Over the disk, which files that sandboxes write keep busy. */
  const setReadOnly = async (isReadOnly: boolean) => {
    if (isReadOnly === isCovered) return;
    isCovered = isReadOnly;
    if (!isReadOnly) return void (await execa('umount', [folder]));
    await run('--bind', folder, folder);
    await run('-o', 'remount,bind,ro', folder);
  };
  const ballast = join(folder, 'ballast');
  return {
    async fill() {
      await writeFile(ballast, Buffer.alloc(32 * 2 ** 20)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOSPC') throw error;
      });
    },
    free: () => rm(ballast, { force: true }),
    setReadOnly,
    async [Symbol.asyncDispose]() {
      await setReadOnly(false);
      await execa('umount', ['--lazy', folder]);
    },
  };
}
