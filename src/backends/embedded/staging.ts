import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import type { Bind } from './launch.ts';
import { rootParts } from './layout.ts';
import {
  linkSources,
  makeMergedPlaces,
  mergedBinds,
  type Overlay,
  stagedSources,
} from './overlay.ts';
import type { HostUser } from './records.ts';

/**
 * Another user cannot pass through our folders, which nobody else may enter. So root binds each source to a place that
 * everybody can reach, in a mount namespace of this sandbox alone.
 */
export interface Staging {
  /** Binds of the host's files to places in `folder`. */
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
  /** Bound to `seenAt` with all that is in it. */
  readonly folder: string;
  readonly seenAt: string;
  /** What is bound, overlays first, with sources as that user finds them. */
  readonly binds: readonly Bind[];
}

const SEEN_AT = '/mnt';

/** Makes the places. Without another user nothing is to be mounted there. */
export function stage(
  root: string,
  user: HostUser | null,
  { binds, overlays }: { readonly binds: readonly Bind[]; readonly overlays: readonly Overlay[] },
): Staging {
  const folder = rootParts(root).stage;
  if (overlays.length > 0) makeMergedPlaces(folder, overlays);
  if (user === null) {
    linkSources(folder, overlays);
    const seenAt = folder;
    return { mounts: [], folder, seenAt, binds: [...mergedBinds(seenAt, overlays), ...binds] };
  }
  const layers = stagedSources(overlays).map(([name, source]) => {
    mkdirSync(`${folder}/${name}`, { recursive: true, mode: 0o755 });
    return { source, target: `${folder}/${name}` };
  });
  const places = binds.map(({ source }, index) => makePlace(folder, source, index));
  const placed = binds.map(({ source }, index) => ({
    source,
    target: `${folder}/${places[index]}`,
  }));
  return {
    mounts: [...placed, ...layers],
    folder,
    seenAt: SEEN_AT,
    binds: [
      ...mergedBinds(SEEN_AT, overlays),
      ...binds.map((bind, index) => ({ ...bind, source: `${SEEN_AT}/${places[index]}` })),
    ],
  };
}

/** A place of one kind is never made into the other, which would take a removal. */
function makePlace(folder: string, source: string, index: number): string {
  const isFolder = statSync(source).isDirectory();
  const name = `${isFolder ? 'folder' : 'file'}-${index}`;
  if (isFolder) mkdirSync(`${folder}/${name}`, { recursive: true, mode: 0o755 });
  else writeFileSync(`${folder}/${name}`, '');
  return name;
}
