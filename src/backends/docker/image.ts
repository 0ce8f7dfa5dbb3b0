import { Readable } from 'node:stream';
import type { ImageBuild } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import { tarOf } from './archive.ts';
import { baseImages } from './base-images.ts';
import type { Engine } from './engine.ts';
import { statusOf } from './engine-error.ts';
import { IMAGE_LABEL } from './labels.ts';
import { readProgress } from './progress-stream.ts';

/** Builds the image unless it is present. Never pulls: an absent base is an error that says so. */
export async function ensureImagePresent(
  engine: Engine,
  build: ImageBuild,
  onProgress: (line: string) => void,
): Promise<void> {
  if (build.rootfs !== undefined) throw rootfsRefused(build.rootfs);
  if (await hasImage(engine, build.reference)) return;
  for (const base of baseImages(build.dockerfile, build.buildArgs)) {
    if (!(await hasImage(engine, base))) throw baseMissing(build.reference, base);
  }
  const stream = await engine.streams.buildImage(Readable.from([await contextOf(build)]), {
    t: build.reference,
    dockerfile: DOCKERFILE,
    buildargs: { ...build.buildArgs },
    labels: { [IMAGE_LABEL]: '1' },
    forcerm: true,
  });
  const { error, tail } = await readProgress(stream, onProgress);
  if (error !== null) throw buildFailed(build.reference, error, tail);
  if (!(await hasImage(engine, build.reference))) {
    throw buildFailed(build.reference, 'the engine named no image', tail);
  }
}

export async function hasImage(engine: Engine, reference: string): Promise<boolean> {
  try {
    await engine.calls.getImage(reference).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

/** No file of a context is called so: it would be in the place of what is built. */
const DOCKERFILE = '.bb.Dockerfile';

function contextOf(build: ImageBuild): Promise<Buffer> {
  const file = (path: string, content: Uint8Array) => {
    const mode = build.executable?.has(path) === true ? 0o755 : 0o644;
    return { path, content, mode, uid: 0, gid: 0 } as const;
  };
  return tarOf([
    file(DOCKERFILE, Buffer.from(build.dockerfile)),
    ...[...build.context].map(([path, content]) => file(path, content)),
  ]);
}

function rootfsRefused(folder: string): BackendError {
  return new BackendError({
    code: 'not-supported',
    kind: 'terminal',
    message: `an engine takes no folder of this host as a root file system: ${folder}`,
    hint: 'use image: {ref: …} or {dockerfile: …}, or backend: embedded for this bottle',
  });
}

function baseMissing(reference: string, base: string): BackendError {
  return new BackendError({
    code: 'image-missing',
    kind: 'terminal',
    message: `${reference} is built on ${base}, which the engine does not have`,
    hint: `Run \`docker pull ${base}\`, or \`bb images build --base <image>\` with an image that is there.`,
  });
}

function buildFailed(reference: string, error: string, tail: readonly string[]): BackendError {
  return new BackendError({
    code: 'build-failed',
    kind: 'terminal',
    message: [`building ${reference} failed: ${error}`, ...tail].join('\n'),
    hint: 'Correct the Dockerfile; the last lines of the build are above.',
  });
}
