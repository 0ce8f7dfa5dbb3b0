import type { Backend } from '../backends/backend.ts';
import type { BottleName, FleetName } from '../model/names.ts';
import type { BackendObservation, ObservedState } from '../model/observed-state.ts';
import type { SidecarStatuses } from '../model/sidecar.ts';
import type { DiskReadings } from './disk-readings.ts';
import type { SidecarFiles } from './ports/sidecar-files.ts';

/**
 * One snapshot of the fleet: every backend at once, each with its constant number of calls, then the status files of
 * the bottles that have state. A backend that is not there is part of the snapshot, not a failure.
 */
export async function observe(
  fleet: FleetName,
  ports: {
    readonly backends: readonly Backend[];
    readonly files: SidecarFiles;
    readonly disk?: DiskReadings;
    readonly inventory: readonly BottleName[];
    readonly nowMs: number;
  },
): Promise<ObservedState> {
  const [observations, bottlesWithState] = await Promise.all([
    Promise.all(ports.backends.map((backend) => backend.observe(fleet))),
    ports.files.list(),
  ]);
  const backends: { [backend: string]: BackendObservation } = {};
  for (const [index, backend] of ports.backends.entries()) {
    const observation = observations[index];
    if (observation !== undefined) backends[backend.name] = observation;
  }
  const statuses = await Promise.all(
    bottlesWithState.map(
      async (bottle): Promise<readonly [BottleName, SidecarStatuses]> => [
        bottle,
        await ports.files.read(bottle),
      ],
    ),
  );
  return {
    atMs: ports.nowMs,
    backends,
    sidecars: Object.fromEntries(statuses),
    ...(ports.disk === undefined ? {} : { disk: ports.disk.all() }),
    inventory: [...new Set([...ports.inventory, ...bottlesWithState])].sort(),
  };
}
