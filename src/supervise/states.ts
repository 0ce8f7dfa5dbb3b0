import type { ProposalState } from '../model/proposal.ts';

/** What can happen to a proposal. */
export type ProposalEvent =
  | 'approve'
  | 'modify'
  | 'reject'
  | 'expire'
  | 'cancel'
  /** The approved change could not be put in force and was reverted. */
  | 'fail'
  /** A failed proposal is offered again. */
  | 'reopen';

export type Transition =
  | { readonly ok: true; readonly state: ProposalState }
  | { readonly ok: false; readonly reason: string };

const TRANSITIONS: {
  readonly [state in ProposalState]: { readonly [event in ProposalEvent]?: ProposalState };
} = {
  pending: {
    approve: 'approved',
    modify: 'modified',
    reject: 'rejected',
    expire: 'expired',
    cancel: 'cancelled',
    fail: 'failed',
  },
  failed: { reopen: 'pending' },
  approved: {},
  modified: {},
  rejected: {},
  expired: {},
  cancelled: {},
};

/** The one table of what may follow what; anything that is not in it is refused. */
export function transition(state: ProposalState, event: ProposalEvent): Transition {
  const next = TRANSITIONS[state][event];
  return next === undefined
    ? { ok: false, reason: `the proposal is ${state}, which cannot be followed by ${event}` }
    : { ok: true, state: next };
}
