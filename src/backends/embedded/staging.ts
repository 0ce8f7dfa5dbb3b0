import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import type { Bind } from './launch.ts';
import { rootParts } from './layout.ts';
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
  /** The binds with their sources as that user finds them. */
  readonly binds: readonly Bind[];
}

const SEEN_AT = '/mnt';

/** Makes the places; null where none are needed. */
export function stage(root: string, user: HostUser | null, binds: readonly Bind[]): Staging | null {
  if (user === null || binds.length === 0) return null;
  const folder = rootParts(root).stage;
  const places = binds.map(({ source }, index) => makePlace(folder, source, index));
  return {
    mounts: binds.map(({ source }, index) => ({ source, target: `${folder}/${places[index]}` })),
    folder,
    seenAt: SEEN_AT,
    binds: binds.map((bind, index) => ({ ...bind, source: `${SEEN_AT}/${places[index]}` })),
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
