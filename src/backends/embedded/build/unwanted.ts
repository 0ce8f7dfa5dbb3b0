import { existsSync } from 'node:fs';
import { readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeGroups } from '../control-groups.ts';
import { claimUser, isRoot, releaseUser } from '../host-user.ts';
import { findImage, listImages } from '../images.ts';
import type { EmbeddedLayout } from '../layout.ts';
import { readRecord, temporaryBeside } from '../records.ts';
import { removeTree } from '../remove-tree.ts';
import { inTurn } from '../turns.ts';

/** How long a built image is kept that no bottle has: a bottle that is rolled back soon after finds it. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** For groups, and for who builds: different for each build, and told by the folder that it fills. */
export function buildName(folder: string): string {
  return `bb-build-${folder.split('.').at(-2) ?? ''}`;
}

/** Removes what builds left whose process is gone, and images built here that nothing is made of any more. */
export function removeUnwanted(layout: EmbeddedLayout): Promise<void> {
  return inTurn(`${layout.directory}/unwanted`, () => removeAll(layout, Date.now()));
}

async function removeAll(layout: EmbeddedLayout, now: number): Promise<void> {
  for (const name of await readdir(layout.images).catch(() => [])) {
    const pid = /\.(\d+)\.[0-9a-f]+\.tmp$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await abandoned(layout, name);
  }
  const wanted = await wantedImages(layout);
  for (const reference of await listImages(layout)) {
    const image = findImage(layout, reference);
    if (image === null || image.from !== null || wanted.has(reference)) continue;
    if (image.layer === null && image.rootfs === null) continue;
    const folder = layout.image(reference);
    const { mtimeMs } = await stat(folder);
    if (now - mtimeMs <= KEPT_MS) continue;
    // Whoever finds a part of it would take that for the image.
    const leaving = temporaryBeside(folder);
    await rename(folder, leaving);
    await removeTree(leaving);
  }
}

async function abandoned(layout: EmbeddedLayout, name: string): Promise<void> {
  const folder = join(layout.images, name);
  const build = buildName(folder);
  removeGroups(build);
  if (isRoot()) releaseUser(layout, claimUser(layout, build), build);
  await removeTree(folder);
}

/** Those that containers are made of, and those that saved ones are over. */
async function wantedImages(layout: EmbeddedLayout): Promise<ReadonlySet<string>> {
  const records = await readdir(layout.records).catch(() => []);
  const used = records.flatMap((name) => readRecord(join(layout.records, name))?.spec.image ?? []);
  const images = await listImages(layout);
  const below = images.flatMap((reference) => findImage(layout, reference)?.from ?? []);
  return new Set([...used, ...below]);
}
