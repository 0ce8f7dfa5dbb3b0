import type { Revision } from '../../model/names.ts';
import { sanitizeBlock, sanitizeLine } from '../../model/sanitize.ts';
import type { Answer } from '../api.ts';
import type { Git } from '../ports/git.ts';
import type { AuditEntry, AuditedDecision } from './audit-entry.ts';
import { readHistory } from './read-history.ts';

/** The newest decisions up to `tip`, newest first; no more of the history is read than they need. */
export async function newestDecisions(
  git: Git,
  tip: Revision,
  options: { readonly limit: number; readonly isAsked: (entry: AuditEntry) => boolean },
): Promise<readonly AuditEntry[]> {
  const found: AuditEntry[] = [];
  await readHistory(git.records(tip), git.folder, (entry) => {
    if (options.isAsked(entry)) found.push(entry);
    return found.length >= options.limit;
  });
  return found;
}

/** The decision that a commit or the id of a proposal names, the newest where a proposal has several. */
export async function findDecision(
  git: Git,
  tip: Revision | null,
  name: string,
): Promise<Answer<AuditedDecision>> {
  const revision = await git.resolveRevision(name);
  const isNamed = (each: AuditEntry) => each.proposal === name || each.revision === revision;
  const read = tip === null ? null : await readHistory(git.records(tip), git.folder, isNamed);
  const entry = read?.entries.find(isNamed);
  if (entry !== undefined) {
    return { ok: true, value: { entry, diff: sanitizeBlock(await git.show(entry.revision)) } };
  }
  const refusal = {
    kind: 'not-found',
    message: `no decision on ${git.branch} has the name "${sanitizeLine(name, 60)}"`,
    hint: 'name a commit or a proposal that bb audit shows',
    diagnostics: [],
  } as const;
  return { ok: false, refusal };
}
