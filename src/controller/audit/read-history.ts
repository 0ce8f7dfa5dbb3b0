import type { Revision } from '../../model/names.ts';
import type { CommitRecord } from '../ports/git.ts';
import type { AuditEntry, Undoing } from './audit-entry.ts';
import { readNote } from './read-note.ts';

type InForce = NonNullable<AuditEntry['inForce']>;

/** A branch's history, read once. */
export interface ReadHistory {
  /** Newest first: every decision, and every other commit that changed the folder. */
  readonly entries: readonly AuditEntry[];
  /** All commits that were looked at. */
  readonly commits: number;
}

/**
 * Reads decisions and their applications from commits that come children first. When one was in force is handed down:
 * what is applied holds all that led to it. Stops behind the decision that `isLast`.
 */
export async function readHistory(
  records: AsyncIterable<CommitRecord>,
  folder: string,
  isLast: (entry: AuditEntry) => boolean = () => false,
): Promise<ReadHistory> {
  const prefix = folder === '' || folder === '.' ? '' : `${folder}/`;
  const inForceAbove = new Map<Revision, InForce>();
  const undoings = new Map<string, Undoing>();
  const entries: AuditEntry[] = [];
  let commits = 0;
  for await (const record of records) {
    commits += 1;
    const { revision } = record;
    const applications = readNote(record.note);
    const own = applications[0];
    const above = inForceAbove.get(revision);
    const inForce = own === undefined ? above : earlier({ at: own.at, revision }, above);
    inForceAbove.delete(revision);
    if (inForce !== undefined) {
      for (const parent of record.parents) {
        inForceAbove.set(parent, earlier(inForce, inForceAbove.get(parent)));
      }
    }
    const trailers = new Map(record.trailers);
    const action = trailers.get('Bb-Action') ?? 'commit';
    const reverts = trailers.get('Bb-Reverts');
    // What took something back and was itself taken back undoes nothing.
    const isUndoing = reverts !== undefined && !undoings.has(revision);
    if (isUndoing && !undoings.has(reverts)) undoings.set(reverts, { revision, action });
    const files = below(prefix, record.files);
    if (!trailers.has('Bb-Action') && files.length === 0 && applications.length === 0) continue;
    const entry: AuditEntry = {
      revision,
      at: record.at,
      action,
      bottle: trailers.get('Bb-Bottle') ?? null,
      tool: trailers.get('Bb-Tool') ?? null,
      proposal: trailers.get('Bb-Proposal') ?? null,
      operator: trailers.get('Bb-Operator') ?? record.author,
      author: record.author,
      subject: record.subject,
      reason: trailers.get('Bb-Reason') ?? trailers.get('Bb-Notes') ?? null,
      justification: trailers.get('Bb-Justification') ?? null,
      reverts: reverts ?? null,
      undoneBy: undoings.get(revision) ?? null,
      files,
      // What changes no file is in force by being said.
      inForce: files.length === 0 && applications.length === 0 ? null : (inForce ?? null),
      applications,
    };
    entries.push(entry);
    if (isLast(entry)) break;
  }
  return { entries, commits };
}

function earlier(left: InForce, right: InForce | undefined): InForce {
  if (right === undefined) return left;
  return Date.parse(left.at) <= Date.parse(right.at) ? left : right;
}

function below(prefix: string, files: readonly string[]): readonly string[] {
  return files.flatMap((path) => (path.startsWith(prefix) ? [path.slice(prefix.length)] : []));
}
