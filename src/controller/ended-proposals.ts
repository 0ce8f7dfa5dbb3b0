import type { Clock } from '../model/clock.ts';
import type { Proposal } from '../model/proposal.ts';
import { LIMITS } from '../supervise/limits.ts';
import type { ProposalRecord } from '../supervise/queue-folder.ts';
import type { Told } from './proposal-answers.ts';
import type { FleetSnapshot } from './reconciler.ts';

/** Why a proposal ends without an operator, or null: its agent, its bottle or its time is gone. Pure. */
export function endedByItself(
  { proposal, withdrawn }: ProposalRecord,
  snapshot: FleetSnapshot,
  clock: Pick<Clock, 'nowMs'>,
): Told | null {
  if (withdrawn) {
    return {
      state: 'cancelled',
      operator: proposal.bottle,
      notes: 'withdrawn by the agent',
      revision: null,
    };
  }
  if (isGone(proposal, snapshot)) {
    return expired('the bottle is not in the fleet any more');
  }
  // As far ahead as behind: the clock is the sidecar's, and no date makes a proposal last.
  const ageMs = Math.abs(clock.nowMs() - Date.parse(proposal.createdAt));
  return ageMs > LIMITS.lifetimeMs ? expired('nobody decided in time') : null;
}

/** Told by the tip alone, and only while that is what is in force: a commit that is refused removes nobody. */
function isGone({ bottle }: Proposal, { last, tip, refusal }: FleetSnapshot): boolean {
  if (last === null || refusal !== null || last.revision !== tip) return false;
  return last.desired.bottles[bottle] === undefined;
}

function expired(notes: string): Told {
  return { state: 'expired', operator: 'bb', notes, revision: null };
}
