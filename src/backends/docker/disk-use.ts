import type { ContainerInfo } from 'dockerode';
import type { BottleName, FleetName } from '../../model/names.ts';
import type { DiskUse } from '../../model/observed-state.ts';
import type { Engine } from './engine.ts';
import { FLEET_LABEL, readLabels } from './labels.ts';

/** The engine goes through all that its containers wrote. */
type Measured = ContainerInfo & { readonly SizeRw?: number };

/** What the agents of a fleet wrote over their images: one call, which the engine takes its time for. */
export async function agentDiskUse(
  engine: Engine,
  fleet: FleetName,
  limits: ReadonlyMap<BottleName, number>,
  signal: AbortSignal,
): Promise<ReadonlyMap<BottleName, DiskUse>> {
  const listed: readonly Measured[] = await engine.streams.listContainers({
    ...{ all: true, size: true, abortSignal: signal },
    filters: { label: [`${FLEET_LABEL}=${fleet}`] },
  });
  return new Map(
    listed.flatMap(({ Labels, Names, SizeRw = 0 }) => {
      const owned = readLabels(Labels, (Names[0] ?? '').replace(/^\//, ''));
      return owned?.component === 'agent' && limits.has(owned.bottle)
        ? [[owned.bottle, { bytes: SizeRw, isWhole: true }] as const]
        : [];
    }),
  );
}
