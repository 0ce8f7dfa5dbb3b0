import type { Plan } from '../model/action.ts';
import type { Proposal } from '../model/proposal.ts';
import { sanitizeBlock } from '../model/sanitize.ts';
import { requestText } from '../supervise/request-text.ts';
import { reviewProposal, summarizeRequest } from '../supervise/review.ts';
import type { ProposalReview, ProposalView } from './api.ts';
import type { Candidate } from './candidate.ts';

/** What an operator sees before deciding: diff, plan, effective change, risks. Pure. */
export function reviewCandidate(
  proposal: Proposal,
  { edits, before, after }: Candidate,
  plan: Plan,
): ProposalReview {
  const review = reviewProposal({ proposal, edits, before, after });
  const text = requestText(proposal.request);
  return { ...proposalView(proposal, 'pending'), ...review, plan, text };
}

/** A proposal in a listing; what the agent wrote is made fit for a terminal here, once. */
export function proposalView(
  proposal: Proposal,
  state: ProposalView['state'],
  waits?: string,
): ProposalView {
  return {
    ...(waits === undefined ? {} : { waits }),
    proposal: { ...proposal, justification: sanitizeBlock(proposal.justification, 4_000) },
    state,
    summary: summarizeRequest(proposal),
  };
}
