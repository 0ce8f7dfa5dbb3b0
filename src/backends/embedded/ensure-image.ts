import { utimes } from 'node:fs/promises';
import type { ImageBuild } from '../../model/component.ts';
import { buildImage } from './build/build-image.ts';
import { findImage, keepImage } from './images.ts';
import type { Machine } from './machine.ts';
import { keepRootfs } from './rootfs/keep-rootfs.ts';
import { inTurn } from './turns.ts';

/** Makes the image unless it is there. Whoever wants one that is being built waits for it. */
export function ensureImage(
  machine: Machine,
  build: ImageBuild,
  onProgress: (line: string) => void,
): Promise<void> {
  const { layout } = machine;
  return inTurn(`${layout.directory}/image ${build.reference}`, async () => {
    if (findImage(layout, build.reference) !== null)
      return noteWanted(layout.image(build.reference));
    const { onHost, written, rootfs } = build;
    if (onHost !== undefined && rootfs !== undefined) {
      return keepRootfs(layout, { ...build, onHost, rootfs }, onProgress);
    }
    if (onHost !== undefined && written === undefined)
      return keepImage(layout, { ...build, onHost });
    await buildImage(machine, build, onProgress);
  });
}

/** Images that nothing is made of are kept for a while from here on. */
async function noteWanted(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now);
}
