import { describe, expect, test } from 'vitest';
import type { ProposalState } from '../../src/model/proposal.ts';
import { transition } from '../../src/supervise/states.ts';

const STATES: readonly ProposalState[] = [
  'pending',
  'approved',
  'modified',
  'rejected',
  'expired',
  'cancelled',
  'failed',
];

describe('a proposal', () => {
  test('changes its state in these ways and no other', () => {
    const table = STATES.flatMap((from) =>
      STATES.flatMap((to) => (transition(from, to).ok ? [`${from} -> ${to}`] : [])),
    );
    expect(table).toEqual([
      'pending -> approved',
      'pending -> modified',
      'pending -> rejected',
      'pending -> expired',
      'pending -> cancelled',
      'pending -> failed',
      'failed -> pending',
    ]);
  });

  test('that was decided says so when it is decided again', () => {
    expect(transition('approved', 'rejected')).toEqual({
      ok: false,
      reason: 'the proposal is approved and cannot become rejected',
    });
  });
});
