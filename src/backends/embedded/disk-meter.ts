import { existsSync } from 'node:fs';
import { runtimeName } from '../../model/component.ts';
import type { BottleName, FleetName } from '../../model/names.ts';
import type { DiskUse } from '../../model/observed-state.ts';
import { countFiles } from './count-files.ts';
import { createDiskGrowth, type DiskGrowth } from './disk-growth.ts';
import { type EmbeddedLayout, rootParts } from './layout.ts';

export type DiskMeter = (
  fleet: FleetName,
  limits: ReadonlyMap<BottleName, number>,
  signal: AbortSignal,
) => Promise<ReadonlyMap<BottleName, DiskUse>>;

interface Counted {
  readonly use: DiskUse;
  /** How far the file system had risen when the count began. */
  readonly risen: number;
  readonly atMs: number;
}

/** Counted anew although the file system says that nothing came: something else may have gone in its place. */
const TRUSTED_MS = 10 * 60_000;

/**
 * Counts the files in the homes of agents: all else that they write is memory of a fixed size. A home is only gone
 * through where it could be past its limit by now, which the growth of the whole file system tells.
 */
export function createDiskMeter(
  layout: EmbeddedLayout,
  growth: DiskGrowth = createDiskGrowth(layout.directory),
  elapsedMs = () => performance.now(),
): DiskMeter {
  let known: ReadonlyMap<string, Counted> = new Map();
  return async (fleet, limits, signal) => {
    const uses = new Map<BottleName, DiskUse>();
    const counted = new Map<string, Counted>();
    const risen = await growth.risen();
    for (const [bottle, limit] of limits) {
      const name = runtimeName({ fleet, bottle, component: 'agent' });
      const { home } = rootParts(layout.root(name));
      if (!existsSync(home)) continue;
      const before = known.get(name);
      const isKnown =
        before?.use.isWhole &&
        before.use.bytes + risen - before.risen <= limit &&
        elapsedMs() - before.atMs < TRUSTED_MS;
      const atMs = elapsedMs();
      const now = isKnown ? before : { use: await countFiles(home, limit, signal), risen, atMs };
      counted.set(name, now);
      uses.set(bottle, now.use);
    }
    known = counted;
    return uses;
  };
}
