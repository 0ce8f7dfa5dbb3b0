import type { FleetName } from '../../model/names.ts';
import { createSidecarFiles } from '../adapters/sidecar-files.ts';
import { stateDirectory } from '../adapters/state-directory.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { ControllerOptions } from '../api.ts';
import type { SidecarFiles } from '../ports/sidecar-files.ts';

/** Reads what the sidecars of a fleet report, beside a controller or without one; writes nothing. */
export async function reportedSidecars(
  { environment, backend }: ControllerOptions,
  fleet: FleetName,
): Promise<Pick<SidecarFiles, 'read' | 'list'>> {
  const directory = stateDirectory(environment, fleet);
  if (backend !== 'simulated') {
    // Nothing is written, so the owner of what would be is nobody's matter.
    const nobody = { uid: 0, gid: 0 };
    return createSidecarFiles({ stateDirectory: directory, sidecarUser: nobody });
  }
  const { openSimulation } = await import('../adapters/simulation.ts');
  return openSimulation({ stateDirectory: directory, fleet, clock: systemClock }).files;
}
