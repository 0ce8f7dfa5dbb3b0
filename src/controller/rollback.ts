import type { TreeFile } from '../desired/tree-file.ts';
import type { FleetEdit } from '../model/fleet-edit.ts';
import { parseBottleName, parseProposalId, type Revision } from '../model/names.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { Answer, Refusal } from './api.ts';
import type { AuditEntry } from './audit/audit-entry.ts';
import { readHistory } from './audit/read-history.ts';
import type { EditedFiles } from './fleet-edit.ts';
import type { Git, LoggedCommit } from './ports/git.ts';
import { treeWithoutChange } from './tree-without-change.ts';

type Rollback = Extract<FleetEdit, { readonly kind: 'rollback' }>;

/**
 * The files of the tip without what one commit changed in them. Refused where that has no one meaning: a merge, the
 * first commit, a decision that changed no file, one that is undone already, values that were changed again since.
 */
export async function rollbackFiles(
  { target }: Rollback,
  tip: Revision,
  git: Git,
): Promise<Answer<EditedFiles & { readonly reverts: Revision }>> {
  const { entries } = await readHistory(git.records(tip), git.folder);
  const found = await commitToTakeBack(target, { tip, entries, git });
  if (!found.ok) return found;
  const { commit, parent, entry } = found.value;
  const change = { before: await git.readTree(parent), after: await git.readTree(commit.revision) };
  const taken = treeWithoutChange({ ...change, now: await git.readTree(tip) });
  const short = commit.revision.slice(0, 12);
  if (taken.kind === 'in-the-way') {
    const { path, reason } = taken;
    const later = await firstInTheWay(path, change, { since: commit.revision, entries, git });
    return inTheWay({ path, reason, short, later });
  }
  if (taken.changes.size === 0) {
    return refuse('conflict', `nothing of commit ${short} is left to take back`, AFTER_HINT);
  }
  const subject = `Roll back ${sanitizeLine(commit.subject, 60)}`;
  const bottle = parseBottleName(entry.bottle ?? '') ?? null;
  const { revision: reverts } = commit;
  return {
    ok: true,
    value: { changes: taken.changes, subject, action: 'rollback', bottle, reverts },
  };
}

const AFTER_HINT = 'bb audit shows what came after it';
const AUDIT_HINT = 'bb audit shows what can be taken back, by commit and proposal';

interface Found {
  readonly commit: LoggedCommit;
  readonly parent: Revision;
  readonly entry: AuditEntry;
}

interface History {
  readonly entries: readonly AuditEntry[];
  readonly git: Git;
}

async function commitToTakeBack(
  target: string,
  { tip, entries, git }: History & { readonly tip: Revision },
): Promise<Answer<Found>> {
  const revision = await revisionOf(target, entries, git);
  const [commit] = revision === null ? [] : await git.commits([revision]);
  if (commit === undefined) {
    const name = sanitizeLine(target, 60);
    return refuse(
      'not-found',
      `there is no such commit, approved proposal or decided bottle: "${name}"`,
      AUDIT_HINT,
    );
  }
  const short = commit.revision.slice(0, 12);
  if (!(await git.isAncestor(commit.revision, tip))) {
    return refuse('bad-request', `commit ${short} is not on ${git.branch}`, AUDIT_HINT);
  }
  const [parent, ...others] = commit.parents;
  if (others.length > 0) {
    return refuse(
      'bad-request',
      `commit ${short} is a merge: it has two pasts, and taking it back would say which one is true`,
      'roll back the commits that it brought, one by one, or write a commit by hand',
    );
  }
  if (parent === undefined) {
    const hint = 'edit the files and commit, or suspend the fleet with bb suspend';
    return refuse('bad-request', `commit ${short} is the first one: nothing was before it`, hint);
  }
  const entry = entries.find((each) => each.revision === commit.revision);
  if (entry === undefined || entry.files.length === 0) {
    const what =
      entry === undefined || entry.action === 'commit' ? '' : `, it records: ${entry.action}`;
    const message = `commit ${short} changes nothing in ${git.folder}${what}`;
    return refuse('bad-request', message, AUDIT_HINT);
  }
  if (entry.undoneBy !== null) {
    const by = entry.undoneBy.revision.slice(0, 12);
    const message = `commit ${short} was undone already, by ${by} (${entry.undoneBy.action})`;
    return refuse('conflict', message, `bb rollback ${by} brings it back`);
  }
  return { ok: true, value: { commit, parent, entry } };
}

/** Of a proposal that was approved again after a revert the newest approval; of a bottle its newest decision. */
async function revisionOf(
  target: string,
  entries: readonly AuditEntry[],
  git: Git,
): Promise<Revision | null> {
  if (parseProposalId(target) === undefined) {
    const about = entries.filter(({ bottle }) => bottle === target);
    return about.length === 0
      ? git.resolveRevision(target)
      : (about.find(isStanding)?.revision ?? null);
  }
  const approvals = entries.filter(
    ({ proposal, action }) => proposal === target && (action === 'approve' || action === 'modify'),
  );
  return (approvals.find(({ undoneBy }) => undoneBy === null) ?? approvals[0])?.revision ?? null;
}

/** What is undone, and what undid it, is behind us: rolling back again goes one decision further. */
function isStanding({ action, files, undoneBy }: AuditEntry): boolean {
  return files.length > 0 && undoneBy === null && action !== 'rollback' && action !== 'revert';
}

/** The commit from which on the change could not be taken back any more; found by halves, so in a few looks. */
async function firstInTheWay(
  path: string,
  change: { readonly before: Files; readonly after: Files },
  { since, entries, git }: History & { readonly since: Revision },
): Promise<AuditEntry | undefined> {
  const newestFirst = entries.slice(
    0,
    entries.findIndex(({ revision }) => revision === since),
  );
  const later = newestFirst.filter(({ files }) => files.includes(path)).toReversed();
  let free = -1;
  let taken = later.length - 1;
  while (taken - free > 1) {
    const middle = Math.floor((free + taken) / 2);
    const revision = later[middle]?.revision ?? since;
    const now = await git.readTree(revision);
    if (treeWithoutChange({ ...change, now }).kind === 'in-the-way') taken = middle;
    else free = middle;
  }
  return later[taken];
}

type Files = ReadonlyMap<string, TreeFile>;

function inTheWay(found: {
  readonly path: string;
  readonly reason: string;
  readonly short: string;
  readonly later: AuditEntry | undefined;
}): Answer<never> {
  const file = sanitizeLine(found.path, 200);
  const by = found.later?.revision.slice(0, 12);
  const who =
    by === undefined ? '' : `, by commit ${by} "${sanitizeLine(found.later?.subject ?? '', 60)}"`;
  const message = `commit ${found.short} cannot be taken back: in ${file} ${sanitizeLine(found.reason, 200)}${who}`;
  const first = by === undefined ? '' : `bb rollback ${by} first, or `;
  return refuse('conflict', message, `${first}edit ${file} by hand and commit`);
}

function refuse(kind: Refusal['kind'], message: string, hint: string): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
