import type { Bind } from './launch.ts';
import { rootParts } from './layout.ts';
import {
  linkSources,
  makeMergedPlaces,
  mergedBinds,
  mergedPlaces,
  type Overlay,
  stagedSources,
} from './overlay.ts';
import type { HostUser } from './records.ts';

/**
 * Another user cannot pass through our folders, which nobody else may enter. So root binds each source to a place that
 * everybody can reach, in a mount namespace of this sandbox alone. The places are in memory, and gone with it.
 */
export interface Staging {
  /** Folders to be made in `folder`. */
  readonly places: readonly string[];
  /** Binds of the host's files to places in `folder`, each to be made as what its source is. */
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
  /** Where the memory is mounted. Bound to `seenAt` with all that is in it. */
  readonly folder: string;
  readonly seenAt: string;
  /** What is bound, overlays first, with sources as that user finds them. */
  readonly binds: readonly Bind[];
}

const SEEN_AT = '/mnt';

/** Options of the memory, which holds nothing but places. */
export const STAGE_OPTIONS = 'mode=755,size=1m';

/** Says what is to be mounted where. Without another user nothing is, and only overlays have places, which are made. */
export function stage(
  root: string,
  user: HostUser | null,
  { binds, overlays }: { readonly binds: readonly Bind[]; readonly overlays: readonly Overlay[] },
): Staging {
  const folder = rootParts(root).stage;
  if (user === null) {
    makeMergedPlaces(folder, overlays);
    linkSources(folder, overlays);
    const seenAt = folder;
    const all = [...mergedBinds(seenAt, overlays), ...binds];
    return { places: [], mounts: [], folder, seenAt, binds: all };
  }
  const layers = stagedSources(overlays).map(([name, source]) => ({
    source,
    target: `${folder}/${name}`,
  }));
  const placed = binds.map(({ source }, index) => ({
    source,
    target: `${folder}/${placeName(index)}`,
  }));
  return {
    places: mergedPlaces(overlays).map((name) => `${folder}/${name}`),
    mounts: [...placed, ...layers],
    folder,
    seenAt: SEEN_AT,
    binds: [
      ...mergedBinds(SEEN_AT, overlays),
      ...binds.map((bind, index) => ({ ...bind, source: `${SEEN_AT}/${placeName(index)}` })),
    ],
  };
}

function placeName(index: number): string {
  return `place-${index}`;
}
