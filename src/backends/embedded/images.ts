import { readFileSync } from 'node:fs';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HostProgramsImage, ImageBuild } from '../../model/component.ts';
import type { EmbeddedLayout } from './layout.ts';
import { makeOpenFolder, writeOpenFile } from './open-to-others.ts';
import { temporaryBeside } from './records.ts';
import { removeTree } from './remove-tree.ts';

const MANIFEST = 'image.json';
/** Archive of the home that a saved image begins with, in its folder. */
export const SAVED_HOME = 'home.tar';
/** Folder with what was built, in its folder. */
export const LAYER = 'layer';

type OnHost = Omit<HostProgramsImage, 'extra'>;

/** What an image is here: the host's programs, a folder of files beside them, and perhaps a home. */
export interface EmbeddedImage {
  readonly onHost: OnHost;
  readonly files: string;
  /** Image whose files these are, when this one is a saved container; null = they are its own. */
  readonly from: string | null;
  /** Archive that a new home is filled from; null = it is empty. */
  readonly home: string | null;
  /** Folder with what a build changed of the host's programs and put beside them; null = nothing. */
  readonly layer: string | null;
  /** Folder of the host that takes the place of its programs; null = these. */
  readonly rootfs: string | null;
  /** That folder is of an image here. */
  readonly isUnpacked: boolean;
}

/** Folder with what an archive held, in its folder. */
const UNPACKED = 'rootfs';

/**
 * Keeps the files of an image of bb's own under its name, whole or not at all. `unpack` fills a folder that is then its
 * root file system.
 */
export async function keepImage(
  layout: EmbeddedLayout,
  build: ImageBuild & { readonly onHost: HostProgramsImage },
  unpack?: (folder: string) => Promise<void>,
): Promise<void> {
  const target = layout.image(build.reference);
  const temporary = temporaryBeside(target);
  try {
    await fillImage(temporary, build, unpack);
  } catch (error) {
    // A disk that is full would stay so.
    await removeTree(temporary);
    throw error;
  }
  await rename(temporary, target).catch(async (error: unknown) => {
    await removeTree(temporary);
    if (findImage(layout, build.reference) === null) throw error;
  });
}

async function fillImage(
  folder: string,
  { onHost, context, rootfs }: ImageBuild & { readonly onHost: HostProgramsImage },
  unpack?: (folder: string) => Promise<void>,
): Promise<void> {
  const files = join(folder, 'files');
  makeOpenFolder(files);
  for (const [path, content] of [...context, ...onHost.extra]) {
    makeOpenFolder(dirname(join(files, path)));
    writeOpenFile(join(files, path), content);
  }
  const { extra: _written, ...manifest } = onHost;
  if (unpack === undefined) {
    return writeManifest(folder, { ...manifest, rootfs: rootfs ?? null });
  }
  const unpacked = join(folder, UNPACKED);
  makeOpenFolder(unpacked);
  await unpack(unpacked);
  await writeManifest(folder, { ...manifest, isUnpacked: true });
}

export function findImage(layout: EmbeddedLayout, reference: string): EmbeddedImage | null {
  const folder = layout.image(reference);
  try {
    const text = readFileSync(join(folder, MANIFEST), 'utf8');
    const {
      from,
      isBuilt = false,
      hasHome = from !== undefined,
      rootfs = null,
      isUnpacked = false,
      ...onHost
    }: Manifest = JSON.parse(text);
    const base = from === undefined ? folder : layout.image(from);
    return {
      ...{ onHost, from: from ?? null },
      files: join(base, 'files'),
      home: hasHome && onHost.home !== null ? join(folder, SAVED_HOME) : null,
      layer: isBuilt ? join(base, LAYER) : null,
      rootfs: isUnpacked ? join(base, UNPACKED) : rootfs,
      isUnpacked,
    };
  } catch {
    return null;
  }
}

/** What the folder of an image says of itself. */
type Manifest = OnHost & {
  /** The image whose files it shares. */
  readonly from?: string;
  /** It, or the one whose files it shares, has a layer. */
  readonly isBuilt?: boolean;
  readonly rootfs?: string | null;
  /** It, or the one whose files it shares, has a root file system in it. */
  readonly isUnpacked?: boolean;
  /** It has an archive of a home, as each that shares files has. */
  readonly hasHome?: boolean;
};

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, MANIFEST), JSON.stringify(manifest), { mode: 0o600, flush: true });
}

export async function listImages(layout: EmbeddedLayout): Promise<readonly string[]> {
  const names = await readdir(layout.images).catch(() => []);
  return names
    .filter((name) => !name.endsWith('.tmp'))
    .map(decodeURIComponent)
    .sort();
}
