import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BackendError } from '../backend.ts';
import { hostPrograms } from './host-programs.ts';
import type { Bind } from './launch.ts';
import type { Overlay } from './overlay.ts';

/** What a build changed, in the image's folder `layer`: folders of the host's one by one, and all that is beside them. */
export const CHANGED_ETC = 'etc';
export const BESIDE = 'root';

/** Name in the layer of what was changed below a folder of the host's programs. */
export function changedName(path: string): string {
  return path.slice(1);
}

/** The root of a sandbox over an image that was built here. */
export interface ImageRoot {
  readonly overlays: readonly Overlay[];
  readonly binds: readonly Bind[];
  readonly links: readonly { readonly path: string; readonly to: string }[];
  readonly folders: readonly string[];
}

/** Each is a mount of every sandbox over the image. */
const MOST_PLACES = 1_000;

/**
 * The host's programs with what the layer changed of them, and beside them all that the layer has. `etc` is the sandbox's
 * own and counts more than the layer's; at the paths of `taken` are other things than the layer's. Throws where that is
 * more than a sandbox is made of.
 */
export function imageRoot(
  layer: string,
  { etc, taken }: { readonly etc: string; readonly taken: readonly string[] },
): ImageRoot {
  const programs = hostPrograms();
  const overlays: Overlay[] = [];
  const root = {
    binds: [] as Bind[],
    links: [] as { path: string; to: string }[],
    folders: [] as string[],
  };
  for (const { path, link } of programs) {
    const changed = join(layer, changedName(path));
    if (link !== null) root.links.push({ path, to: link });
    else if (isEmpty(changed)) root.binds.push({ source: path, target: path, readOnly: true });
    else overlays.push({ target: path, layers: [changed, path], writes: null });
  }
  addEtc(etc, join(layer, CHANGED_ETC), overlays, root.binds);
  const others = [...taken, '/etc', ...programs.map(({ path }) => path)];
  addBelow(join(layer, BESIDE), '', others, root);
  if (root.binds.length + root.links.length > MOST_PLACES) throw tooMany();
  return { overlays, ...root };
}

/** A root file system that is not the host's own: all that is in `folder`, but for the same `etc` and `taken`. */
export function givenRoot(
  folder: string,
  { etc, taken }: { readonly etc: string; readonly taken: readonly string[] },
): ImageRoot {
  const root = {
    binds: [] as Bind[],
    links: [] as { path: string; to: string }[],
    folders: [] as string[],
  };
  const overlays: Overlay[] = [];
  addEtc(etc, join(folder, 'etc'), overlays, root.binds);
  addBelow(folder, '', [...taken, '/etc'], root);
  return { overlays, ...root };
}

/** The sandbox's own over that of an image, where it has one. */
function addEtc(etc: string, below: string, overlays: Overlay[], binds: Bind[]): void {
  const target = '/etc';
  if (isEmpty(below)) binds.push({ source: etc, target, readOnly: true });
  else overlays.push({ target, layers: [etc, below], writes: null });
}

function addBelow(
  source: string,
  target: string,
  taken: readonly string[],
  root: { binds: Bind[]; links: { path: string; to: string }[]; folders: string[] },
): void {
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const path = `${target}/${entry.name}`;
    const from = join(source, entry.name);
    if (taken.includes(path)) continue;
    const isShared = taken.some((one) => one.startsWith(`${path}/`));
    if (isShared) {
      if (!entry.isDirectory()) continue;
      root.folders.push(path);
      addBelow(from, path, taken, root);
    } else if (entry.isSymbolicLink()) root.links.push({ path, to: readlinkSync(from) });
    else if (entry.isDirectory() || entry.isFile()) {
      root.binds.push({ source: from, target: path, readOnly: true });
    }
  }
}

function tooMany(): BackendError {
  return new BackendError({
    code: 'failed',
    kind: 'terminal',
    message: 'the image has more than 1,000 files and folders in / and beside what bb places there',
    hint: 'put them into a folder of their own',
  });
}

function isEmpty(folder: string): boolean {
  return (
    !existsSync(folder) || !lstatSync(folder).isDirectory() || readdirSync(folder).length === 0
  );
}
