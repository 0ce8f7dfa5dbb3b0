import { chown, mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ContainerSpec } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import { writeEtc } from './etc-folder.ts';
import { type EmbeddedImage, findImage } from './images.ts';
import type { Bind } from './launch.ts';
import { type EmbeddedLayout, rootParts } from './layout.ts';
import type { ContainerRecord } from './records.ts';
import { hostnameOf, NODE_FOLDER } from './sandbox-arguments.ts';

/** What a container's sandbox is put together from, image and spec taken as one. */
export interface SandboxParts {
  readonly env: { readonly [name: string]: string };
  readonly command: readonly string[];
  readonly workdir: string;
  readonly binds: readonly Bind[];
}

export function imageOf(layout: EmbeddedLayout, spec: ContainerSpec): EmbeddedImage {
  const image = findImage(layout, spec.image);
  if (image !== null) return image;
  throw new BackendError({
    code: 'image-missing',
    kind: 'terminal',
    message: `the embedded backend has no image ${spec.image}`,
    hint: 'use image: builtin, or backend: docker for this bottle',
  });
}

/** What a record comes to. Throws `image-missing`. */
export function sandboxParts(
  layout: EmbeddedLayout,
  root: string,
  { spec, env }: Pick<ContainerRecord, 'spec' | 'env'>,
): SandboxParts {
  const { onHost, files } = imageOf(layout, spec);
  const { etc, home } = rootParts(root);
  const readOnly = true;
  return {
    env: { ...onHost.env, ...env },
    command: spec.command ?? onHost.command,
    workdir: spec.workdir ?? onHost.workdir,
    binds: [
      { source: etc, target: '/etc', readOnly },
      { source: '/etc/alternatives', target: '/etc/alternatives', readOnly },
      { source: files, target: onHost.folder, readOnly },
      { source: process.execPath, target: `${NODE_FOLDER}/node`, readOnly },
      ...(onHost.home === null ? [] : [{ source: home, target: onHost.home, readOnly: false }]),
      ...spec.mounts,
    ],
  };
}

/** Makes the container's own folders, whatever of them is there already. What is in its home stays. */
export async function ensureRoot(
  layout: EmbeddedLayout,
  root: string,
  record: ContainerRecord,
): Promise<void> {
  const { spec, hostUser } = record;
  const { onHost } = imageOf(layout, spec);
  const { etc, home, stage } = rootParts(root);
  for (const folder of [root, stage]) await mkdir(folder, { recursive: true, mode: 0o700 });
  await mkdir(etc, { recursive: true, mode: 0o755 });
  await writeEtc(etc, {
    hostname: hostnameOf(spec),
    user: { ...spec.user, name: onHost.env['USER'] ?? 'bb', home: onHost.home ?? '/' },
    hosts: spec.hosts,
    resolves: spec.identity.component === 'sidecars',
    mountPoints: spec.mounts.flatMap(({ target }) =>
      target.startsWith('/etc/') ? [target.slice(5)] : [],
    ),
  });
  if (onHost.home === null) return;
  const work = relative(onHost.home, spec.workdir ?? onHost.workdir);
  const isBelow = !work.startsWith('..');
  const made = await mkdir(home, { recursive: true, mode: 0o755 });
  if (made === undefined) return;
  if (isBelow) await mkdir(join(home, work), { recursive: true, mode: 0o755 });
  for (const folder of hostUser === null ? [] : [join(home, isBelow ? work : ''), home]) {
    await chown(folder, hostUser?.uid ?? 0, hostUser?.gid ?? 0);
  }
}
