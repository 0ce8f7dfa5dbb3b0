import { join } from 'node:path';

/** Where the embedded backend keeps things. Names are those of `runtimeName`, so the folders are flat. */
export interface EmbeddedLayout {
  readonly directory: string;
  /** One file a container: what it was asked to be. */
  readonly records: string;
  /** One file a container that was started, by whom it runs, and what bubblewrap says of it. */
  readonly runs: string;
  readonly images: string;
  /** One file a user of the host that a bottle was given. */
  readonly users: string;
  /** Files of the host's `/etc` as bottles are shown them. */
  readonly hostEtc: string;
  record(name: string): string;
  run(name: string): string;
  /** Written by bubblewrap as long as the container runs, whatever becomes of the controller. */
  status(name: string): string;
  root(name: string): string;
  image(reference: string): string;
}

export function embeddedLayout(directory: string): EmbeddedLayout {
  const below = (folder: string) => join(directory, folder);
  const [records, runs] = [below('records'), below('runs')];
  return {
    ...{ directory, records, runs },
    images: below('images'),
    users: below('users'),
    hostEtc: below('host-etc'),
    record: (name) => `${records}/${name}.json`,
    run: (name) => `${runs}/${name}.json`,
    status: (name) => `${runs}/${name}.status`,
    root: (name) => join(directory, 'roots', name),
    image: (reference) => join(directory, 'images', encodeURIComponent(reference)),
  };
}

/** Parts of a container's own folder. */
export function rootParts(root: string) {
  return {
    etc: `${root}/etc`,
    home: `${root}/home`,
    stage: `${root}/stage`,
    mounts: `${root}/mounts`,
    /** What bubblewrap reads when it starts: nobody's business on a command line. */
    arguments: `${root}/arguments`,
    log: `${root}/log`,
    /** There when the home holds what its image was saved with. */
    filled: `${root}/filled`,
  } as const;
}
