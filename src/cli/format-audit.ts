import type { AuditEntry } from '../controller/audit.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { shortRevision } from './age.ts';
import type { Paint, Style } from './colour.ts';
import { formatTable } from './table.ts';

/** `bb audit`: a row for each decision. */
export function formatAudit(entries: readonly AuditEntry[], paint: Paint): readonly string[] {
  return formatTable(
    ['WHEN', 'COMMIT', 'ACTION', 'BOTTLE', 'OPERATOR', 'IN FORCE', 'WHAT'],
    entries.map((entry) => [
      formatInstant(entry.at),
      shortRevision(entry.revision),
      paint(styleOf(entry), sanitizeLine(entry.action, 20)),
      sanitizeLine(entry.bottle ?? '-', 48),
      sanitizeLine(entry.operator, 40),
      formatInForce(entry),
      whatWasDecided(entry),
    ]),
  );
}

/** One decision, with all that history tells of it, above its diff. */
export function formatDecision(entry: AuditEntry, paint: Paint): readonly string[] {
  const fields: readonly (readonly [name: string, value: string | null])[] = [
    ['commit', entry.revision],
    ['when', formatInstant(entry.at)],
    ['action', entry.action],
    ['bottle', entry.bottle],
    ['tool', entry.tool],
    ['proposal', entry.proposal],
    ['operator', entry.operator],
    ['author', entry.author],
    ['reason', entry.reason],
    ['agent said', entry.justification],
    ['undoes', entry.reverts],
    ['undone by', entry.undoneBy === null ? null : undoneBy(entry.undoneBy)],
    ['in force', entry.inForce === null ? null : inForceAt(entry.inForce)],
    ...entry.applications.map(
      ({ bottle, actions, result }) =>
        ['applied to', `${bottle}, ${actions} actions: ${result}`] as const,
    ),
  ];
  return [
    paint('bold', sanitizeLine(entry.subject)),
    ...fields.flatMap(([name, value]) =>
      value === null ? [] : [`${paint('dim', name.padEnd(11))} ${sanitizeLine(value)}`],
    ),
  ];
}

/** Without the fraction of a second; as it is where it cannot be read. */
function formatInstant(at: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? sanitizeLine(at, 30) : new Date(ms).toISOString().replace(/\.\d+/, '');
}

function styleOf({ action, undoneBy }: AuditEntry): Style {
  if (undoneBy !== null) return 'dim';
  if (action === 'reject' || action === 'revert') return 'red';
  return action === 'approve' || action === 'modify' ? 'green' : 'cyan';
}

/** How long after the commit it was in force; `-` where there is nothing to enforce, or no application is told. */
export function formatInForce({ at, inForce: applied }: AuditEntry): string {
  if (applied === null) return '-';
  const seconds = Math.max(0, (Date.parse(applied.at) - Date.parse(at)) / 1000);
  if (Number.isNaN(seconds)) return '?';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 90) return `${Math.round(minutes)} min`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} d`;
}

/** The commit's words, with the reason and what undid it. */
export function whatWasDecided({ subject, reason, undoneBy: undone }: AuditEntry): string {
  const why = reason === null ? '' : `: ${reason}`;
  const after = undone === null ? '' : ` (${undoneBy(undone)})`;
  return sanitizeLine(`${subject}${why}${after}`, 160);
}

function undoneBy({ action, revision }: NonNullable<AuditEntry['undoneBy']>): string {
  return `${action} in ${shortRevision(revision)}`;
}

function inForceAt({ at, revision }: NonNullable<AuditEntry['inForce']>): string {
  return `${formatInstant(at)}, when ${shortRevision(revision)} was applied`;
}
