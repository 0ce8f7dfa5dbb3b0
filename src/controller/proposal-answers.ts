import type { Clock } from '../model/clock.ts';
import type { Revision } from '../model/names.ts';
import type { Proposal, ProposalResponse } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { ProposalStore } from '../supervise/proposal-store.ts';

/** What an agent is told; texts come as they were written. */
export interface Told {
  readonly state: ProposalResponse['state'];
  readonly operator: string;
  readonly notes?: string | undefined;
  readonly final?: string | null;
  readonly revision: Revision | null;
}

/**
 * Writes the answer that ends a proposal, and puts both away. Whoever answered before is not overruled. What cannot be
 * put away is answered all the same: each look at the fleet tries again, and tells.
 */
export async function answerProposal(
  { id }: Proposal,
  { state, operator, notes, final = null, revision }: Told,
  { store, clock }: { readonly store: ProposalStore; readonly clock: Clock },
): Promise<void> {
  await store.respond({
    id,
    state,
    decidedAt: new Date(clock.nowMs()).toISOString(),
    operator: sanitizeLine(operator, 200),
    notes: notes === undefined ? null : sanitizeLine(notes),
    final,
    revision,
  });
  await store.archive(id).catch(() => undefined);
}
