import type { ProposalState } from '../model/proposal.ts';

type Transition =
  | { readonly ok: true; readonly state: ProposalState }
  | { readonly ok: false; readonly reason: string };

const NEXT: { readonly [state in ProposalState]: readonly ProposalState[] } = {
  pending: ['approved', 'modified', 'rejected', 'expired', 'cancelled', 'failed'],
  // The approved change could not be put in force and was reverted: it is offered again.
  failed: ['pending'],
  approved: [],
  modified: [],
  rejected: [],
  expired: [],
  cancelled: [],
};

/** The one table of what may follow what; anything that is not in it is refused. */
export function transition(from: ProposalState, to: ProposalState): Transition {
  return NEXT[from].includes(to)
    ? { ok: true, state: to }
    : { ok: false, reason: `the proposal is ${from} and cannot become ${to}` };
}
