import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HostProgramsImage, ImageBuild } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import type { EmbeddedLayout } from './layout.ts';
import { temporaryBeside } from './records.ts';

const MANIFEST = 'image.json';
/** Archive of the home that a saved image begins with, in its folder. */
export const SAVED_HOME = 'home.tar';

type OnHost = Omit<HostProgramsImage, 'extra'>;

/** What an image is here: the host's programs, a folder of files beside them, and perhaps a home. */
export interface EmbeddedImage {
  readonly onHost: OnHost;
  readonly files: string;
  /** Image whose files these are, when this one is a saved container; null = they are its own. */
  readonly from: string | null;
  /** Archive that a new home is filled from; null = it is empty. */
  readonly home: string | null;
}

/** Keeps the image's files under its name, whole or not at all. */
export async function ensureImage(layout: EmbeddedLayout, build: ImageBuild): Promise<void> {
  if (findImage(layout, build.reference) !== null) return;
  const { onHost } = build;
  if (onHost === undefined) {
    throw new BackendError({
      code: 'not-supported',
      kind: 'terminal',
      message: `${build.reference} is built from a Dockerfile, which the embedded backend cannot do`,
      hint: 'use image: builtin, or backend: docker for this bottle',
    });
  }
  const target = layout.image(build.reference);
  const temporary = temporaryBeside(target);
  const files = join(temporary, 'files');
  await mkdir(files, { recursive: true, mode: 0o755 });
  for (const [path, content] of [...build.context, ...onHost.extra]) {
    await mkdir(dirname(join(files, path)), { recursive: true, mode: 0o755 });
    await writeFile(join(files, path), content, { mode: 0o644 });
  }
  const { extra: _written, ...manifest } = onHost;
  await writeManifest(temporary, manifest);
  await rename(temporary, target).catch(async (error: unknown) => {
    await rm(temporary, { recursive: true, force: true });
    if (findImage(layout, build.reference) === null) throw error;
  });
}

export function findImage(layout: EmbeddedLayout, reference: string): EmbeddedImage | null {
  const folder = layout.image(reference);
  try {
    const { from = null, ...onHost } = JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8'));
    return {
      ...{ onHost, from },
      files: join(from === null ? folder : layout.image(from), 'files'),
      home: from === null || onHost.home === null ? null : join(folder, SAVED_HOME),
    };
  } catch {
    return null;
  }
}

/** `from` names the image whose files it shares. */
export async function writeManifest(
  folder: string,
  manifest: OnHost & { readonly from?: string },
): Promise<void> {
  await writeFile(join(folder, MANIFEST), JSON.stringify(manifest), { mode: 0o600, flush: true });
}

export async function listImages(layout: EmbeddedLayout): Promise<readonly string[]> {
  const names = await readdir(layout.images).catch(() => []);
  return names
    .filter((name) => !name.endsWith('.tmp'))
    .map(decodeURIComponent)
    .sort();
}
