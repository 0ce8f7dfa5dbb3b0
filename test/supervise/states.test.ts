import { describe, expect, test } from 'vitest';
import type { ProposalState } from '../../src/model/proposal.ts';
import { type ProposalEvent, transition } from '../../src/supervise/states.ts';

const STATES: readonly ProposalState[] = [
  'pending',
  'approved',
  'modified',
  'rejected',
  'expired',
  'cancelled',
  'failed',
];
const EVENTS: readonly ProposalEvent[] = [
  'approve',
  'modify',
  'reject',
  'expire',
  'cancel',
  'fail',
  'reopen',
];

describe('a proposal', () => {
  test('changes its state in these ways and no other', () => {
    const table = STATES.flatMap((state) =>
      EVENTS.flatMap((event) => {
        const next = transition(state, event);
        return next.ok ? [`${state} -${event}-> ${next.state}`] : [];
      }),
    );
    expect(table).toEqual([
      'pending -approve-> approved',
      'pending -modify-> modified',
      'pending -reject-> rejected',
      'pending -expire-> expired',
      'pending -cancel-> cancelled',
      'pending -fail-> failed',
      'failed -reopen-> pending',
    ]);
  });

  test('that was decided says so when it is decided again', () => {
    expect(transition('approved', 'reject')).toEqual({
      ok: false,
      reason: 'the proposal is approved, which cannot be followed by reject',
    });
  });
});
