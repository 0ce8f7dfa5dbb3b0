import { join } from 'node:path';
import type { Backend } from '../../backends/backend.ts';
import { fileJournal } from '../../backends/simulated/file-journal.ts';
import { SimulatedBackend } from '../../backends/simulated/simulated-backend.ts';
import { SimulatedEngine } from '../../backends/simulated/simulated-engine.ts';
import type { Clock } from '../../model/clock.ts';
import { runtimeName } from '../../model/component.ts';
import type { BottleName, FleetName } from '../../model/names.ts';
import type { SidecarFiles } from '../ports/sidecar-files.ts';
import { JournalledTexts } from './journalled-texts.ts';
import { runSimulated } from './simulated-programs.ts';
import { SimulatedSidecarFiles } from './simulated-sidecar-files.ts';

/**
 * What `--backend simulated` stands on: an engine and sidecars that nothing runs in, remembered below the fleet's
 * state directory from one command to the next. Their journals are made short again at each opening.
 */
export function openSimulation(options: {
  readonly stateDirectory: string;
  readonly fleet: FleetName;
  readonly clock: Clock;
}): { readonly backend: Backend; readonly files: SidecarFiles } {
  const { stateDirectory, fleet, clock } = options;
  const folder = join(stateDirectory, 'simulated');
  const engineJournal = fileJournal(join(folder, 'engine.jsonl'));
  const engine = new SimulatedEngine(engineJournal);
  engineJournal.compact(engine.snapshot());
  const sidecarJournal = fileJournal(join(folder, 'sidecars.jsonl'));
  const store = new JournalledTexts(sidecarJournal);
  sidecarJournal.compact(store.snapshot());
  return {
    backend: new SimulatedBackend({ engine, clock, programs: runSimulated }),
    files: new SimulatedSidecarFiles({
      clock,
      store,
      running: (bottle) => runningSidecars(engine, fleet, bottle),
    }),
  };
}

/** Id of the running sidecars container of a bottle, which its programs are known by; null when none runs. */
export function runningSidecars(
  engine: SimulatedEngine,
  fleet: FleetName,
  bottle: BottleName,
): string | null {
  const container = engine.container(runtimeName({ fleet, bottle, component: 'sidecars' }));
  return container?.state === 'running' ? container.id : null;
}
