import type { ContainerInfo } from 'dockerode';
import type { BottleName, FleetName } from '../../model/names.ts';
import type { DiskUse } from '../../model/observed-state.ts';
import type { Engine } from './engine.ts';
import { FLEET_LABEL, readLabels } from './labels.ts';

/** The engine goes through all that its containers wrote. */
type Measured = ContainerInfo & { readonly SizeRw?: number };

/** An engine takes its time to go through much; one that never answers would keep all that is measured. */
const LIMIT_MS = 120_000;

/** What the agents of a fleet wrote over their images, by one call. */
export async function agentDiskUse(
  engine: Engine,
  fleet: FleetName,
  limits: ReadonlyMap<BottleName, number>,
  signal: AbortSignal,
): Promise<ReadonlyMap<BottleName, DiskUse>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error('the engine did not answer')), LIMIT_MS);
  const abortSignal = AbortSignal.any([signal, late.signal]);
  const filters = { label: [`${FLEET_LABEL}=${fleet}`] };
  const listed: readonly Measured[] = await engine.streams
    .listContainers({ all: true, size: true, filters, abortSignal })
    .finally(() => clearTimeout(timer));
  return new Map(
    listed.flatMap(({ Labels, Names, SizeRw = 0 }) => {
      const owned = readLabels(Labels, (Names[0] ?? '').replace(/^\//, ''));
      return owned?.component === 'agent' && limits.has(owned.bottle)
        ? [[owned.bottle, { bytes: SizeRw, isWhole: true }] as const]
        : [];
    }),
  );
}
