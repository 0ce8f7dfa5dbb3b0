import type { Clock } from '../model/clock.ts';
import type { BottleName } from '../model/names.ts';
import type { FleetJournal } from './fleet-journal.ts';
import type { BottleRecords } from './ports/bottle-records.ts';

/** Keeps the files of an agent whose session ended by itself and badly, for when its instance is removed. */
export async function markFailedSession(
  bottle: BottleName,
  exitCode: number,
  ports: {
    readonly journal: FleetJournal;
    readonly pass: { readonly clock: Clock; readonly records: BottleRecords };
  },
): Promise<void> {
  const { clock, records } = ports.pass;
  const reason = `its session ended with exit code ${exitCode}`;
  await records.writeMark(bottle, { at: new Date(clock.nowMs()).toISOString(), exitCode, reason });
  await ports.journal.record({
    severity: 'warning',
    bottle,
    reason: 'SessionFailed',
    message: `${reason}; bb attach ${bottle} goes on with it, and its files are kept when the instance is removed`,
    revision: null,
  });
}
