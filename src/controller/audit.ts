import { parseHost } from '../desired/host-name.ts';
import { sanitizeBlock, sanitizeLine } from '../model/sanitize.ts';
import type { Answer, ControllerOptions, Refusal } from './api.ts';
import type { AuditEntry } from './audit/audit-entry.ts';
import { type AuditFilter, matchesFilter } from './audit/audit-filter.ts';
import { readHistory } from './audit/read-history.ts';
import { type OpenedHistory, openHistory } from './open-history.ts';

export type { AuditEntry } from './audit/audit-entry.ts';

/** What `bb audit` asks for. */
export type AuditQuery = Omit<AuditFilter, 'touching'>;

/** One decision with what it changed. */
export interface AuditedDecision {
  readonly entry: AuditEntry;
  /** Unified diff of the desired-state folder; sanitised. */
  readonly diff: string;
}

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
  const entries = await entriesOf(opened.value);
  return { ok: true, value: entries.filter((entry) => matchesFilter(entry, filter.value)) };
}

/** The decision that a commit or the id of a proposal names, the newest where a proposal has several. */
export async function readDecision(
  options: ControllerOptions,
  name: string,
): Promise<Answer<AuditedDecision>> {
  const opened = await openHistory(options);
  if (!opened.ok) return opened;
  const { git } = opened.value;
  const entries = await entriesOf(opened.value);
  const revision = await git.resolveRevision(name);
  const entry = entries.find((each) => each.proposal === name || each.revision === revision);
  if (entry === undefined) {
    const message = `no decision on ${git.branch} has the name "${sanitizeLine(name, 60)}"`;
    return refuse('not-found', message, 'name a commit or a proposal that bb audit shows');
  }
  return { ok: true, value: { entry, diff: sanitizeBlock(await git.show(entry.revision)) } };
}

async function entriesOf({ git, tip }: OpenedHistory): Promise<readonly AuditEntry[]> {
  return (await readHistory(git.records(tip), git.folder)).entries;
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
