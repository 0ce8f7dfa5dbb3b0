import { mkdir, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ComponentRef } from '../../model/component.ts';
import { SAVED_HOME, writeManifest } from './images.ts';
import type { Machine } from './machine.ts';
import { ownRecord } from './owned.ts';
import { temporaryBeside } from './records.ts';
import { removeTree } from './remove-tree.ts';
import { imageOf } from './sandbox-parts.ts';
import { saveHome } from './saved-home.ts';

/**
 * Saves all that a container can write and that outlives it, its home, as an image over the one that it was made from.
 * It takes the place of a former image of this reference when it is whole.
 */
export async function snapshotContainer(
  machine: Machine,
  ref: ComponentRef,
  reference: string,
): Promise<void> {
  const { layout } = machine;
  const { spec } = await ownRecord(layout, ref);
  const { onHost, from, layer, rootfs, isUnpacked } = imageOf(layout, spec);
  const target = layout.image(reference);
  await removeLeftovers(target);
  const temporary = temporaryBeside(target);
  await mkdir(temporary, { mode: 0o700 });
  try {
    if (onHost.home !== null) {
      await saveHome(machine, ref, onHost.home, join(temporary, SAVED_HOME));
    }
    await writeManifest(temporary, {
      ...onHost,
      from: from ?? spec.image,
      isBuilt: layer !== null,
      ...(isUnpacked ? { isUnpacked } : { rootfs }),
    });
    // Whoever dies between the two finds the container still there, and saves it again.
    const former = temporaryBeside(target);
    await rename(target, former).catch(unlessAbsent);
    await rename(temporary, target);
  } finally {
    await removeLeftovers(target);
  }
}

/** What a save that was cut off left beside its target, which may be large. */
async function removeLeftovers(target: string): Promise<void> {
  const folder = dirname(target);
  const names = await readdir(folder).catch(() => []);
  const ours = names.filter(
    (name) => name.startsWith(`${basename(target)}.`) && name.endsWith('.tmp'),
  );
  for (const name of ours) await removeTree(join(folder, name));
}

function unlessAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
