import { chownSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runtimeName } from '../../model/component.ts';
import { writeEtc } from './etc-folder.ts';
import { type EmbeddedLayout, rootParts } from './layout.ts';
import { makeOpenFolder } from './open-to-others.ts';
import type { ContainerRecord } from './records.ts';
import { hostnameOf } from './sandbox-arguments.ts';
import { imageOf } from './sandbox-parts.ts';

/** Makes the container's own folders, whatever of them is there already. What is in its home stays. */
export function ensureFolders(
  layout: EmbeddedLayout,
  { spec, hostUser }: Pick<ContainerRecord, 'spec' | 'hostUser'>,
): void {
  const { onHost } = imageOf(layout, spec);
  const root = layout.root(runtimeName(spec.identity));
  const { etc, home, stage } = rootParts(root);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  for (const folder of [stage, etc]) makeOpenFolder(folder);
  if (onHost.home === null) return;
  if (existsSync(home)) return;
  // It is there with all that belongs to it, or not at all: nobody adds to it once an agent may have been in it.
  const unfinished = `${home}-unfinished`;
  const work = relative(onHost.home, spec.workdir ?? onHost.workdir);
  const isBelow = !work.startsWith('..');
  const folders = [join(unfinished, isBelow ? work : ''), unfinished];
  for (const folder of folders) makeOpenFolder(folder);
  if (hostUser !== null) {
    for (const folder of folders) chownSync(folder, hostUser.uid, hostUser.gid);
  }
  renameSync(unfinished, home);
}

/** Brings its `/etc` up to date with the host's: done at each start. */
export function ensureEtc(layout: EmbeddedLayout, { spec }: Pick<ContainerRecord, 'spec'>): void {
  const { onHost, rootfs } = imageOf(layout, spec);
  const { etc } = rootParts(layout.root(runtimeName(spec.identity)));
  writeEtc(etc, {
    copies: layout.hostEtc,
    isHosts: rootfs === null,
    hostname: hostnameOf(spec),
    user: { ...spec.user, name: onHost.env['USER'] ?? 'bb', home: onHost.home ?? '/' },
    hosts: spec.hosts,
    resolves: spec.identity.component === 'sidecars',
    mountPoints: spec.mounts.flatMap(({ target }) =>
      target.startsWith('/etc/') ? [target.slice(5)] : [],
    ),
  });
}
