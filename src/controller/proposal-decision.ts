import type { ProposalId, Revision } from '../model/names.ts';
import type { Answer } from './api.ts';
import type { ChangeAt, CommittedAhead } from './commit-chain.ts';
import type { CommitGroups } from './commit-groups.ts';
import type { DecisionIndex, RecordedDecision } from './decision-index.ts';

/**
 * Commits a decision unless history holds one: looked for at every tip that the commit is tried on, so that one that
 * was pushed in between is found too. The same decision is taken up, one of the other kind wins over this one.
 */
export async function commitDecision(
  id: ProposalId,
  wanted: RecordedDecision['kind'],
  ports: { readonly groups: CommitGroups; readonly index: DecisionIndex },
  changeAt: ChangeAt,
): Promise<Answer<CommittedAhead>> {
  let recorded: RecordedDecision | null = null;
  const committed = await ports.groups.commit(async (parent: Revision, tip: Revision) => {
    recorded = await ports.index.find(id, tip);
    return recorded === null ? changeAt(parent, tip) : decidedBefore(id, recorded);
  });
  return takenUp(recorded, wanted) ?? committed;
}

function takenUp(
  recorded: RecordedDecision | null,
  wanted: RecordedDecision['kind'],
): Answer<CommittedAhead> | null {
  if (recorded === null || recorded.kind !== wanted) return null;
  const { revision, commit } = recorded;
  return { ok: true, value: { revision, subject: commit.subject, follow: async () => [] } };
}

function decidedBefore(id: ProposalId, { kind, revision }: RecordedDecision): Answer<never> {
  const message = `proposal ${id} was ${kind} in commit ${revision.slice(0, 12)}`;
  return { ok: false, refusal: { kind: 'conflict', message, hint: null, diagnostics: [] } };
}
