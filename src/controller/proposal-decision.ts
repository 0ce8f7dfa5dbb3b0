import type { ProposalId, Revision } from '../model/names.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { Answer } from './api.ts';
import type { ChangeAt, CommittedAhead } from './commit-chain.ts';
import type { CommitGroups } from './commit-groups.ts';
import type { DecisionIndex, RecordedDecision } from './decision-index.ts';
import { operatorOf } from './recorded-answer.ts';

/** The commit of a decision. */
export interface CommittedDecision extends CommittedAhead {
  /** The same decision that history held already; null for one that was made now. */
  readonly before: RecordedDecision | null;
}

/**
 * Commits a decision unless history holds one: looked for at every tip that the commit is tried on, so that one that
 * was pushed in between is found too. The same decision is taken up as it was made; one of the other kind wins over
 * this one.
 */
export async function commitDecision(
  id: ProposalId,
  wanted: RecordedDecision['kind'],
  ports: { readonly groups: CommitGroups; readonly index: DecisionIndex },
  changeAt: ChangeAt,
): Promise<Answer<CommittedDecision>> {
  let recorded: RecordedDecision | null = null;
  const committed = await ports.groups.commit(async (parent: Revision, tip: Revision) => {
    recorded = await ports.index.find(id, tip);
    return recorded === null ? changeAt(parent, tip) : decidedBefore(id, recorded);
  });
  const before = takenUp(recorded, wanted);
  if (before !== null) return { ok: true, value: before };
  return committed.ok ? { ok: true, value: { ...committed.value, before: null } } : committed;
}

function takenUp(
  recorded: RecordedDecision | null,
  wanted: RecordedDecision['kind'],
): CommittedDecision | null {
  if (recorded === null || recorded.kind !== wanted) return null;
  const { revision, commit } = recorded;
  return { revision, subject: commit.subject, follow: async () => [], before: recorded };
}

function decidedBefore(id: ProposalId, recorded: RecordedDecision): Answer<never> {
  const { kind, revision } = recorded;
  const by = sanitizeLine(operatorOf(recorded), 60);
  const message = `proposal ${id} was ${kind} by ${by} in commit ${revision.slice(0, 12)}`;
  return { ok: false, refusal: { kind: 'conflict', message, hint: null, diagnostics: [] } };
}
