import type { ContainerSpec } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import { hostJavaFolders, javaFolders } from './etc-folder.ts';
import { givenRoot, type ImageRoot, imageRoot } from './image-root.ts';
import { type EmbeddedImage, findImage } from './images.ts';
import type { Bind } from './launch.ts';
import { type EmbeddedLayout, rootParts } from './layout.ts';
import type { Overlay } from './overlay.ts';
import { OWN_PROGRAMS, ownPrograms } from './own-programs.ts';
import type { ContainerRecord } from './records.ts';
import { NODE_FOLDER } from './sandbox-arguments.ts';

/** What a container's sandbox is put together from, image and spec taken as one. */
export interface SandboxParts {
  readonly env: { readonly [name: string]: string };
  readonly command: readonly string[];
  readonly workdir: string;
  readonly binds: readonly Bind[];
  readonly overlays: readonly Overlay[];
  /** Null = the host's programs, as they are. */
  readonly root: Pick<ImageRoot, 'links' | 'folders'> | null;
}

export function imageOf(layout: EmbeddedLayout, spec: ContainerSpec): EmbeddedImage {
  const image = findImage(layout, spec.image);
  if (image !== null) return image;
  throw new BackendError({
    code: 'image-missing',
    kind: 'terminal',
    message: `the embedded backend has no image ${spec.image}`,
    hint: 'use an image that is built from a Dockerfile, or backend: docker for this bottle',
  });
}

/** What a record comes to. Throws `image-missing`. */
export function sandboxParts(
  layout: EmbeddedLayout,
  root: string,
  { spec, env }: Pick<ContainerRecord, 'spec' | 'env'>,
): SandboxParts {
  const { onHost, files, layer, rootfs } = imageOf(layout, spec);
  const { etc, home } = rootParts(root);
  const readOnly = true;
  const own: readonly Bind[] = [
    ...(rootfs === null ? ofHost(etc) : []),
    { source: files, target: onHost.folder, readOnly },
    { source: process.execPath, target: `${NODE_FOLDER}/node`, readOnly },
    ...(onHost.home === null ? [] : [{ source: home, target: onHost.home, readOnly: false }]),
    ...spec.mounts,
  ];
  const others = { etc, taken: takenBy(spec, own) };
  const over = layer === null ? null : imageRoot(layer, others);
  const image = rootfs === null ? over : givenRoot(rootfs, others);
  return {
    env: { ...onHost.env, ...env },
    command: spec.command ?? onHost.command,
    workdir: spec.workdir ?? onHost.workdir,
    root: image,
    overlays: image?.overlays ?? [],
    binds:
      image === null
        ? [{ source: etc, target: '/etc', readOnly }, ...own]
        : [...image.binds, { source: ownPrograms(layout), target: OWN_PROGRAMS, readOnly }, ...own],
  };
}

/** Paths at which something else is than the image's. */
export function takenBy(
  { tmpfs }: Pick<ContainerSpec, 'tmpfs'>,
  own: readonly Pick<Bind, 'target'>[],
): readonly string[] {
  const made = [OWN_PROGRAMS, '/proc', '/sys', '/dev', '/tmp', '/run', '/var/tmp', '/home/agent'];
  return [...made, ...Object.keys(tmpfs), ...own.map(({ target }) => target)];
}

/** Settings of the host's programs. */
function ofHost(etc: string): readonly Bind[] {
  const alternatives = '/etc/alternatives';
  return [{ source: alternatives, target: alternatives, readOnly: true }, ...javaBinds(etc)];
}

/** Those that the host has and the sandbox has a place for. */
export function javaBinds(etc: string): readonly Bind[] {
  const onHost = new Set(hostJavaFolders());
  return javaFolders(etc)
    .filter((name) => onHost.has(name))
    .map((name) => ({ source: `/etc/${name}`, target: `/etc/${name}`, readOnly: true }));
}
