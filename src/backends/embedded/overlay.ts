import { lstatSync, mkdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Bind } from './launch.ts';
import { quote } from './quote.ts';

/** Folders of the host that are seen inside as one, by the kernel's overlay. */
export interface Overlay {
  readonly target: string;
  /** The first one counts most. */
  readonly layers: readonly string[];
  /** Folder with `upper` and `work`, which takes what is written; null = nothing can be. */
  readonly writes: string | null;
}

/** Names in the stage, where the layers of overlay `index` are found and where it is mounted. */
const layerName = (index: number, layer: number) => `layer-${index}-${layer}`;
const writesName = (index: number) => `writes-${index}`;
const foldersName = (index: number) => `folders-${index}`;
const mergedName = (index: number) => `merged-${index}`;

/** What has to be found in the stage, by its name there: bound by root, else linked to. */
export function stagedSources(
  overlays: readonly Overlay[],
): readonly (readonly [string, string])[] {
  return overlays.flatMap(({ layers, writes }, index) => [
    ...layers.map((source, layer) => [layerName(index, layer), source] as const),
    ...(writes === null ? [] : [[writesName(index), writes] as const]),
  ]);
}

/** The overlays as what is bound, once they are mounted. */
export function mergedBinds(seenAt: string, overlays: readonly Overlay[]): readonly Bind[] {
  return overlays.map(({ target, writes }, index) => ({
    source: `${seenAt}/${mergedName(index)}`,
    target,
    readOnly: writes === null,
  }));
}

/** Names in the stage of the places that overlays are mounted at. */
export function mergedPlaces(overlays: readonly Overlay[]): readonly string[] {
  return overlays.flatMap((_, index) => [mergedName(index), foldersName(index)]);
}

/** Makes them. */
export function makeMergedPlaces(stage: string, overlays: readonly Overlay[]): void {
  for (const name of mergedPlaces(overlays)) {
    mkdirSync(join(stage, name), { recursive: true, mode: 0o755 });
  }
}

/** Links in the stage to what overlays are made of, so that no path has to be escaped for the kernel. */
export function linkSources(stage: string, overlays: readonly Overlay[]): void {
  for (const [name, source] of stagedSources(overlays)) {
    const path = join(stage, name);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path);
    symlinkSync(source, path);
  }
}

/**
 * argv in front of bubblewrap that mounts the overlays in a mount namespace of its own. It runs with the rights of a user
 * namespace and no others, which the kernel allows since 5.11.
 */
export function overlayWay(stage: string, overlays: readonly Overlay[]): readonly string[] {
  if (overlays.length === 0) return [];
  const script = [`cd ${quote(stage)}`, ...overlays.map(mountLine), 'exec "$@"'].join('\n');
  return ['unshare', '--mount', 'sh', '-euc', script, 'sh'];
}

function mountLine({ layers, writes }: Overlay, index: number): string {
  const lower = layers.map((_, layer) => layerName(index, layer));
  const merged = mergedName(index);
  if (writes === null) {
    // An overlay of one folder is none to the kernel: an empty one goes with it.
    const all = lower.length > 1 ? lower : [...lower, foldersName(index)];
    return `mount -t overlay -o ro,userxattr,lowerdir=${all.join(':')} overlay ${merged}`;
  }
  const base = lower.at(-1) ?? '';
  const folders = foldersName(index);
  const into = writesName(index);
  const options = `lowerdir=${[folders, ...lower].join(':')},upperdir=${into}/upper,workdir=${into}/work`;
  return [
    `mount -t tmpfs -o mode=755,size=256m,nr_inodes=1m folders ${folders}`,
    `at=$PWD; (cd ${base}/ && find . -xdev -mindepth 1 -type d -print0) 2>/dev/null | (cd "$at/${folders}" && xargs -0r mkdir -p --) || true`,
    `mount -t overlay -o userxattr,${options} overlay ${merged}`,
  ].join('\n');
}
