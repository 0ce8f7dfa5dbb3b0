import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { HostProgramsImage, ImageBuild } from '../../../model/component.ts';
import { removeUnwanted } from '../build/unwanted.ts';
import { keepImage } from '../images.ts';
import type { EmbeddedLayout } from '../layout.ts';
import { checkRootfs, kindOfRootfs, refused } from './check-rootfs.ts';
import { Unusable, unpackRootfs } from './unpack-rootfs.ts';

const SYNC_MS = 120_000;

/**
 * Makes the image of a root file system: a folder of the host is used where it is, an archive is unpacked into the image,
 * whole or not at all. Throws `not-supported`, in words, for what cannot be one.
 */
export async function keepRootfs(
  layout: EmbeddedLayout,
  build: ImageBuild & { readonly onHost: HostProgramsImage; readonly rootfs: string },
  onProgress: (line: string) => void,
): Promise<void> {
  const { rootfs } = build;
  if (kindOfRootfs(rootfs) === 'folder') {
    checkRootfs(rootfs, rootfs);
    return keepImage(layout, build);
  }
  await removeUnwanted(layout);
  onProgress(`unpacking ${rootfs}`);
  await keepImage(layout, build, async (folder) => {
    const leftOut = await unpacked(rootfs, folder);
    if (leftOut > 0) onProgress(`left out ${leftOut} devices and pipes`);
    checkRootfs(folder, rootfs);
    await promisify(execFile)('sync', ['-f', folder], { timeout: SYNC_MS });
  });
}

async function unpacked(archive: string, folder: string): Promise<number> {
  try {
    return (await unpackRootfs(archive, folder)).leftOut;
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    throw refused(
      archive,
      error.message,
      'make the archive anew, as tar makes it of a whole system',
    );
  }
}
