import { readdirSync } from 'node:fs';
import type { FleetName } from '../../model/names.ts';
import type { Machine } from './machine.ts';
import { isNamespaceName, isSameProcess } from './network-namespace.ts';
import type { ProcessIdentity } from './process-table.ts';

/** Asks after those that keep the networks of a fleet's bottles: bubblewrap is not around them to note their end. */
export interface LostNetworks {
  /** Some run was written or taken away. */
  changed(): void;
  /** True when one ended that was not told yet. Throws when the folder cannot be read. */
  isNew(): boolean;
}

interface Kept {
  readonly process: ProcessIdentity;
  isTold: boolean;
}

/** Runs are read again only after a change, so that a look costs one read of one byte a bottle. */
export function createLostNetworks(
  { layout, runs, processes }: Pick<Machine, 'layout' | 'runs' | 'processes'>,
  fleet: FleetName,
): LostNetworks {
  let kept = new Map<string, Kept>();
  let isStale = true;
  const list = () =>
    new Map(
      readdirSync(layout.runs).flatMap((file): (readonly [string, Kept])[] => {
        if (!file.endsWith('.json') || !isNamespaceName(fleet, file.slice(0, -5))) return [];
        const process = runs.read(`${layout.runs}/${file}`)?.init;
        if (process === undefined) return [];
        const before = kept.get(file);
        const isSame = before !== undefined && isSameProcess(before.process, process);
        return [[file, isSame ? before : { process, isTold: false }]];
      }),
    );
  return {
    changed() {
      isStale = true;
    },
    isNew() {
      if (isStale) {
        isStale = false;
        kept = list();
      }
      const lost = [...kept.values()].filter(
        ({ isTold, process }) => !isTold && !processes.isAlive(process),
      );
      for (const one of lost) one.isTold = true;
      return lost.length > 0;
    },
  };
}
