import { parseHost } from '../desired/host-name.ts';
import type { Answer, ControllerOptions, Refusal } from './api.ts';
import type { AuditEntry, AuditedDecision } from './audit/audit-entry.ts';
import { type AuditFilter, matchesFilter } from './audit/audit-filter.ts';
import { findDecision, newestDecisions } from './audit/find-decision.ts';
import { type OpenedHistory, openHistory } from './open-history.ts';

export type { AuditEntry } from './audit/audit-entry.ts';

/** What `bb audit` asks for. */
export type AuditQuery = Omit<AuditFilter, 'touching'> & {
  /** The newest ones only; no more of the history is read than they need. */
  readonly limit?: number;
};

/**
 * Decisions and their applications, newest first, read from the branch and from `refs/notes/bb`: git alone is asked, so
 * it works wherever the repository is.
 */
export async function readAudit(
  options: ControllerOptions,
  query: AuditQuery,
): Promise<Answer<readonly AuditEntry[]>> {
  const opened = await openHistory(options);
  if (!opened.ok) return opened;
  const filter = await filterOf(query, opened.value);
  if (!filter.ok) return filter;
  const { git, tip } = opened.value;
  const { limit = Number.POSITIVE_INFINITY } = query;
  const isAsked = (entry: AuditEntry) => matchesFilter(entry, filter.value);
  return { ok: true, value: await newestDecisions(git, tip, { limit, isAsked }) };
}

/** The decision that a commit or the id of a proposal names, the newest where a proposal has several. */
export async function readDecision(
  options: ControllerOptions,
  name: string,
): Promise<Answer<AuditedDecision>> {
  const opened = await openHistory(options);
  return opened.ok ? findDecision(opened.value.git, opened.value.tip, name) : opened;
}

async function filterOf(
  query: AuditQuery,
  { git, tip }: OpenedHistory,
): Promise<Answer<AuditFilter>> {
  const { host: raw } = query;
  if (raw === undefined) return { ok: true, value: query };
  const parsed = parseHost(raw);
  if (!parsed.ok) return refuse('bad-request', parsed.message, parsed.hint ?? null);
  const host = parsed.value;
  // A file may have it as people write it.
  const words = [...new Set([host, raw])];
  const touching = await Promise.all(words.map((word) => git.mentioning(tip, word)));
  return { ok: true, value: { ...query, host, touching: new Set(touching.flat()) } };
}

function refuse(kind: Refusal['kind'], message: string, hint: string | null): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
