import type { FleetName } from '../../model/names.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { RecordedTurn } from '../ports/fleet-store.ts';

/** Turns that a line tells, and how much of what each came to: together they fit into the line of a note. */
const TURNS_A_LINE = 10;
const RESULT_LENGTH = 150;

/** What the note of a commit tells of the turns towards it, as lines that `readNote` reads. */
export function applicationLines(
  { fleet, at }: { readonly fleet: FleetName; readonly at: string },
  turns: readonly RecordedTurn[],
): readonly string[] {
  return partsOf(turns).map((applied) => JSON.stringify({ at, fleet, applied }));
}

/** Whether what a note tells of the fleet ends with these turns, told at whatever time. */
export function endsWithTurns(
  note: string | null,
  fleet: FleetName,
  turns: readonly RecordedTurn[],
): boolean {
  const parts = partsOf(turns);
  const isOwn = (line: string) => line.includes(`"fleet":"${fleet}"`);
  const last = (note ?? '').split('\n').filter(isOwn).slice(-parts.length);
  return (
    last.length === parts.length &&
    parts.every((applied, index) => last[index]?.endsWith(`"applied":${JSON.stringify(applied)}}`))
  );
}

/** A turn whose process died is done all the same: its commit is in force. */
function partsOf(turns: readonly RecordedTurn[]): readonly (readonly object[])[] {
  const applied = turns.map(({ bottle, actions, result }) => {
    return { bottle, actions, result: sanitizeLine(result ?? 'done', RESULT_LENGTH) };
  });
  return Array.from({ length: Math.ceil(applied.length / TURNS_A_LINE) }, (_, index) =>
    applied.slice(index * TURNS_A_LINE, (index + 1) * TURNS_A_LINE),
  );
}
