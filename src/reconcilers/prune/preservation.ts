import { runtimeName } from '../../model/component.ts';
import type { BottleName, FleetName } from '../../model/names.ts';
import type { ObservedBottle, ObservedContainer } from '../../model/observed-state.ts';
import type { PlanContext } from '../plan-context.ts';

/** What a container that is asked to end exits with: `docker stop`, an engine or a machine that shuts down. */
const ASKED_TO_END = 128 + 15;
const KILLED = 128 + 9;

/** How an agent ended that did so by itself and badly, in words; null when it runs, or ended as it was told to. */
export function crashWords({ state, exitCode }: ObservedContainer): string | null {
  if (state !== 'exited' || exitCode === null || exitCode === 0 || exitCode === ASKED_TO_END) {
    return null;
  }
  if (exitCode === KILLED) return 'killed (exit code 137), by hand or for want of memory';
  return exitCode > 128 && exitCode < 160
    ? `signal ${exitCode - 128} (exit code ${exitCode})`
    : `exit code ${exitCode}`;
}

/** True when the files of a bottle that leaves are to be kept: it was marked, or its agent lies there crashed. */
export function isPreserved(
  name: BottleName,
  places: readonly ObservedBottle[],
  context: PlanContext,
): boolean {
  if (context.preserved?.includes(name)) return true;
  return places.some(({ containers }) =>
    containers.some(
      (container) => container.component === 'agent' && crashWords(container) !== null,
    ),
  );
}

/** Image that the file system of a preserved agent is saved as. */
export function preservedImage(fleet: FleetName, bottle: BottleName): string {
  const name = runtimeName({ fleet, bottle, component: 'agent' });
  return `bb/preserved:${name.slice('bb-'.length)}`;
}
