import { instanceDockerfile, instanceFiles } from '../../desired/instance-files.ts';
import { parseBottleName, type Revision } from '../../model/names.ts';
import type { AuditEntry } from './audit-entry.ts';

/** Which decisions are asked for; an absent field asks for all. */
export interface AuditFilter {
  readonly bottle?: string;
  /** Not before this instant, in milliseconds. */
  readonly sinceMs?: number;
  readonly operator?: string;
  readonly tool?: string;
  readonly action?: string;
  /** Commits that changed a line which speaks of the host. */
  readonly touching?: ReadonlySet<Revision>;
  /** The words of a subject hold the host. */
  readonly host?: string;
}

/** Whether an entry is asked for. */
export function matchesFilter(entry: AuditEntry, filter: AuditFilter): boolean {
  const { bottle, sinceMs, operator, tool, action } = filter;
  return (
    (bottle === undefined || concerns(entry, bottle)) &&
    (sinceMs === undefined || Date.parse(entry.at) >= sinceMs) &&
    (operator === undefined || entry.operator.toLowerCase().includes(operator.toLowerCase())) &&
    (tool === undefined || entry.tool === tool) &&
    (action === undefined || entry.action === action) &&
    mentions(entry, filter)
  );
}

/** A commit made by hand names no bottle: its files and what was done when it was applied do. */
function concerns(entry: AuditEntry, raw: string): boolean {
  if (entry.bottle === raw || entry.applications.some(({ bottle }) => bottle === raw)) return true;
  const slug = parseBottleName(raw);
  if (slug === undefined) return false;
  const own = [...Object.values(instanceFiles(slug)), instanceDockerfile(slug)];
  return entry.files.some((path) => own.includes(path));
}

/** A rejection changes no line: its subject tells the host. */
function mentions(entry: AuditEntry, { host, touching }: AuditFilter): boolean {
  if (host === undefined) return true;
  if (touching?.has(entry.revision) === true) return true;
  return entry.subject.toLowerCase().split(/\s+/).includes(host.toLowerCase());
}
