import type { Proposal } from '../model/proposal.ts';
import { sanitizeBlock } from '../model/sanitize.ts';
import { reviewProposal, summarizeRequest } from '../supervise/review.ts';
import type { ProposalReview, ProposalView } from './api.ts';
import type { Candidate } from './candidate.ts';
import type { Reconciler } from './reconciler.ts';

/** What an operator sees before deciding: diff, plan, effective change, risks. Changes nothing. */
export async function reviewCandidate(
  proposal: Proposal,
  candidate: Candidate,
  reconciler: Reconciler,
): Promise<ProposalReview> {
  const { tip, edit, before, after } = candidate;
  const review = reviewProposal({ proposal, edit, before, after });
  const plan = await reconciler.planDesired({ revision: tip, desired: after });
  return { ...proposalView(proposal, 'pending'), ...review, plan };
}

/** A proposal in a listing; what the agent wrote is made fit for a terminal here, once. */
export function proposalView(proposal: Proposal, state: ProposalView['state']): ProposalView {
  return {
    proposal: { ...proposal, justification: sanitizeBlock(proposal.justification, 4_000) },
    state,
    summary: summarizeRequest(proposal),
  };
}
