import { cp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageBuild } from '../../../model/component.ts';
import { type BuildSteps, buildSteps, otherBase } from '../../../model/dockerfile/build-steps.ts';
import { BackendError } from '../../backend.ts';
import { claimUser, isRoot, releaseUser } from '../host-user.ts';
import { imageRoot } from '../image-root.ts';
import { type EmbeddedImage, findImage, LAYER, writeManifest } from '../images.ts';
import type { Machine } from '../machine.ts';
import { makeOpenFolder } from '../open-to-others.ts';
import { temporaryBeside } from '../records.ts';
import { removeTree } from '../remove-tree.ts';
import { NODE_FOLDER } from '../sandbox-arguments.ts';
import { takenBy } from '../sandbox-parts.ts';
import { BuildLog } from './build-log.ts';
import { finishLayer, prepareLayer } from './layer.ts';
import { BUILD_LIMITS, type BuildLimits, performSteps } from './perform-steps.ts';
import { buildName, removeUnwanted } from './unwanted.ts';

/**
 * Builds an image from its Dockerfile over the host's programs, whole or not at all. Throws `build-failed` with where it
 * failed and the last lines that it said.
 */
export async function buildImage(
  machine: Machine,
  build: ImageBuild,
  onProgress: (line: string) => void,
  limits: BuildLimits = BUILD_LIMITS,
): Promise<void> {
  const { layout } = machine;
  const { file, text } = build.written ?? { file: 'Dockerfile', text: build.dockerfile };
  const log = new BuildLog(onProgress);
  const at = (line: number, message: string) => `${file}:${line} ${message}`;
  const failed = (message: string) => buildFailed(build.reference, message, log.tail);
  const read = buildSteps(text, build.buildArgs);
  if (!read.ok) {
    throw failed(read.problems.map(({ line, message }) => at(line, message)).join('\n'));
  }
  const base = baseOf(machine, build, read.value);
  if (base === null) {
    const { line, message } = otherBase(read.value);
    throw failed(at(line, message));
  }
  await removeUnwanted(layout);
  const target = layout.image(build.reference);
  const folder = temporaryBeside(target);
  const name = buildName(folder);
  const user = isRoot() ? claimUser(layout, name) : null;
  try {
    await makeFiles(folder, base);
    await prepareLayer(folder, user);
    const place = { name, folder, user, at: base.onHost.folder };
    const failedAt = (line: number, message: string) => failed(at(line, message));
    const options = { from: build, log, failedAt, limits };
    const { hasHome } = await performSteps(machine, place, read.value.steps, options);
    await finishLayer(folder, user);
    checkPlaces(folder, base, (message) => failedAt(read.value.steps.at(-1)?.line ?? 1, message));
    // An agent's own variables are as they are in every image.
    const env = { ...read.value.env, ...base.onHost.env };
    await writeManifest(folder, { ...base.onHost, env, isBuilt: true, hasHome });
    // What a removal that was cut off left is no image.
    if (findImage(layout, build.reference) === null) await removeTree(target);
    await rename(folder, target);
  } finally {
    await removeTree(folder);
    if (user !== null) releaseUser(layout, user, name);
  }
}

/** That sandboxes can be made of it. */
function checkPlaces(
  folder: string,
  { onHost }: Base,
  failed: (message: string) => BackendError,
): void {
  const own = [onHost.folder, `${NODE_FOLDER}/node`].map((target) => ({ target }));
  try {
    imageRoot(join(folder, LAYER), { etc: folder, taken: takenBy({ tmpfs: {} }, own) });
  } catch (error) {
    throw error instanceof BackendError ? failed(error.message) : error;
  }
}

type Base = Pick<EmbeddedImage, 'onHost'> & { readonly files: string | null };

/** The host's programs, or an image that is nothing more; null = neither. */
function baseOf({ layout }: Machine, build: ImageBuild, { base }: BuildSteps): Base | null {
  if (build.onHost !== undefined && base === build.buildArgs['BASE']) {
    const { extra: _written, ...onHost } = build.onHost;
    return { onHost, files: null };
  }
  const image = findImage(layout, base);
  return image?.layer === null && image.rootfs === null && image.from === null ? image : null;
}

async function makeFiles(folder: string, { files }: Base): Promise<void> {
  makeOpenFolder(join(folder, 'files'));
  if (files !== null) await cp(files, join(folder, 'files'), { recursive: true });
}

function buildFailed(reference: string, said: string, tail: readonly string[]): BackendError {
  return new BackendError({
    code: 'build-failed',
    kind: 'terminal',
    message: [`building ${reference} failed: ${said}`, ...tail].join('\n'),
    hint: 'Correct the Dockerfile, or use backend: docker for this bottle.',
  });
}
