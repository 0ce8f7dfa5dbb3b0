import { chown, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { flushFolder, writeDurably } from './atomic-file.ts';
import { hiddenTemporaryPath } from './temporary-file.ts';

/** Who a folder's content is for; null leaves it to who we are. */
export type Owner = { readonly uid: number; readonly gid: number } | null;

/** Highest number that is believed from a sidecar, so that a forged status cannot exhaust the counter. */
const MAX_BELIEVED = 1_000_000_000;

/**
 * Publishes `files` as the next generation of an input folder:
 *
 *   write `.gen-N.….tmp` → flush → rename to `gen-N` → replace the link `current` by rename → remove what is older than
 *   the generation before
 *
 * A reader that follows `current` once gets one whole generation; the one before stays for a reader that is in it.
 */
export async function publishGeneration(
  folder: string,
  generation: number,
  files: { readonly [name: string]: string },
  owner: Owner,
): Promise<void> {
  const name = `gen-${generation}`;
  const temporary = hiddenTemporaryPath(join(folder, name));
  await mkdir(temporary, { mode: 0o700 });
  if (owner !== null) await chown(temporary, owner.uid, owner.gid);
  await Promise.all(
    Object.entries(files).map(([file, content]) =>
      writeDurably(join(temporary, file), content, {
        mode: 0o600,
        ...(owner === null ? {} : { owner }),
      }),
    ),
  );
  await flushFolder(temporary);
  await rename(temporary, join(folder, name));
  const link = hiddenTemporaryPath(join(folder, 'current'));
  await symlink(name, link);
  await rename(link, join(folder, 'current'));
  await flushFolder(folder);
  await removeOlder(folder, generation);
}

/** One more than every generation that is there or that the sidecar says it saw. */
export async function nextGeneration(folder: string, reported: number): Promise<number> {
  const believed = reported <= MAX_BELIEVED ? reported : 0;
  return Math.max(believed, 0, ...(await generations(folder))) + 1;
}

async function removeOlder(folder: string, current: number): Promise<void> {
  const present = (await generations(folder)).sort((a, b) => b - a);
  const kept = new Set([current, present.find((generation) => generation < current)]);
  const stale = (await readdir(folder)).filter((name) => {
    const generation = parseGeneration(name);
    return generation === null ? name.startsWith('.') : !kept.has(generation);
  });
  await Promise.all(stale.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

async function generations(folder: string): Promise<number[]> {
  return (await readdir(folder)).flatMap((name) => parseGeneration(name) ?? []);
}

function parseGeneration(name: string): number | null {
  const digits = /^gen-([1-9]\d{0,9})$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}
