import { existsSync } from 'node:fs';
import { readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeGroups } from '../control-groups.ts';
import { claimedUsers, releaseUser } from '../host-user.ts';
import { findImage, listImages } from '../images.ts';
import type { EmbeddedLayout } from '../layout.ts';
import { readRecord, temporaryBeside } from '../records.ts';
import { removeTree } from '../remove-tree.ts';
import { inTurn } from '../turns.ts';

/** How long a built image is kept that no bottle has: a bottle that is rolled back soon after finds it. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** For groups, and for who builds: different for each build, and told by the folder that it fills. */
export function buildName(folder: string): string {
  return `${BUILD}${folder.split('.').at(-2) ?? ''}`;
}

const BUILD = 'bb-build-';

function isBuildName(name: string): boolean {
  return new RegExp(`^${BUILD}[0-9a-f]{12}$`).test(name);
}

/** Removes what builds left whose process is gone, and images built here that nothing is made of any more. */
export function removeUnwanted(layout: EmbeddedLayout): Promise<void> {
  return inTurn(`${layout.directory}/unwanted`, () => removeAll(layout, Date.now()));
}

async function removeAll(layout: EmbeddedLayout, now: number): Promise<void> {
  for (const name of await readdir(layout.images).catch(() => [])) {
    const pid = /\.(\d+)\.[0-9a-f]+\.tmp$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      removeGroups(buildName(name));
      await removeTree(join(layout.images, name));
    }
  }
  await releaseBuilders(layout);
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

/** Who built what is no longer there, whoever took it away: a build has its folder as long as it has its user. */
async function releaseBuilders(layout: EmbeddedLayout): Promise<void> {
  const folders = await readdir(layout.images).catch(() => []);
  const building = new Set(folders.map(buildName));
  for (const { user, name } of claimedUsers(layout)) {
    const isBottle = readRecord(layout.record(name)) !== null;
    if (!isBuildName(name) || isBottle || building.has(name)) continue;
    removeGroups(name);
    releaseUser(layout, user, name);
  }
}

/** Those that containers are made of, and those that saved ones are over. */
async function wantedImages(layout: EmbeddedLayout): Promise<ReadonlySet<string>> {
  const records = await readdir(layout.records).catch(() => []);
  const used = records.flatMap((name) => readRecord(join(layout.records, name))?.spec.image ?? []);
  const images = await listImages(layout);
  const below = images.flatMap((reference) => findImage(layout, reference)?.from ?? []);
  return new Set([...used, ...below]);
}
