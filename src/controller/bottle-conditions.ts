import type { BottlePlan } from '../model/action.ts';
import { type Condition, setCondition } from '../model/condition.ts';
import type { BottleMemory } from './fleet-memory.ts';
import type { Isolation } from './isolate-errors.ts';

/** What a bottle's conditions are derived from. */
export interface ConditionInputs {
  readonly plan: BottlePlan;
  readonly memory: BottleMemory;
  readonly inFlight: boolean;
  readonly pendingProposals: number;
  /** Absent or null: it follows the commit. */
  readonly isolation?: Isolation | null;
  /** For what is told. */
  readonly nowMs: number;
  /** For what is waited for. */
  readonly elapsedMs: number;
}

/**
 * The conditions of one bottle now. `Ready` is always there; the others only while they hold, and `Stalled` and
 * `Reconciling` never together (the meaning is kstatus').
 */
export function bottleConditions(
  before: readonly Condition[],
  inputs: ConditionInputs,
): readonly Condition[] {
  const at = new Date(inputs.nowMs).toISOString();
  const stated = currentConditions(inputs).map(
    (condition): Condition => ({ ...condition, lastTransition: at }),
  );
  return stated.reduce<readonly Condition[]>(
    (kept, condition) => setCondition(kept, condition),
    before.filter(({ type }) => stated.some((condition) => condition.type === type)),
  );
}

type Statement = Omit<Condition, 'lastTransition'>;

function currentConditions(inputs: ConditionInputs): readonly Statement[] {
  const { plan, pendingProposals, isolation = null } = inputs;
  const statements: Statement[] = [ready(inputs), ...progress(inputs)];
  if (isolation !== null) {
    const { problem, revision, denied } = isolation;
    const but = denied.length === 0 ? '' : `, but ${denied.join(', ')} is denied`;
    const message = `it stays at commit ${revision.slice(0, 12)}${but}: ${problem}`;
    statements.push({
      type: 'SourceReady',
      status: 'False',
      reason: 'InvalidDesiredState',
      message,
    });
  }
  if (plan.drifted) {
    statements.push(holds('Drifted', 'ObservedDiffers', 'changed by hand or died; being repaired'));
  }
  if (plan.verdict === 'suspended') {
    statements.push(
      holds('Suspended', 'Suspended', plan.pending ?? 'left as it is until bb unsuspend'),
    );
  }
  if (pendingProposals > 0) {
    const count =
      pendingProposals === 1 ? '1 proposal waits' : `${pendingProposals} proposals wait`;
    statements.push(holds('AwaitingApproval', 'ProposalPending', `${count}; see bb proposals`));
  }
  return statements;
}

function ready({ plan, memory, inFlight }: ConditionInputs): Statement {
  const state = (status: Condition['status'], reason: string, message: string): Statement => ({
    type: 'Ready',
    status,
    reason,
    message,
  });
  if (plan.verdict === 'unknown') {
    return state('Unknown', 'BackendUnavailable', plan.pending ?? 'its backend does not answer');
  }
  if (plan.verdict === 'blocked') return state('False', 'Blocked', plan.pending ?? 'cannot start');
  if (memory.setback !== null) {
    return state('False', 'ApplyFailed', memory.setback.failure.message);
  }
  if (plan.verdict === 'suspended') return state('Unknown', 'Suspended', 'not looked after');
  // What is only seen to run may still be stopped by its turn, when its isolation cannot be proven.
  if (inFlight) return state('False', 'Reconciling', `to ${workOf(plan)}`);
  if (plan.verdict === 'unchanged') return state('True', 'InForce', 'as the commit asks');
  if (plan.verdict === 'withheld') {
    return state('True', 'UpdateWithheld', plan.pending ?? 'runs in its former form');
  }
  return state('False', 'Pending', `to ${plan.verdict}`);
}

function progress({ plan, memory, inFlight, elapsedMs }: ConditionInputs): readonly Statement[] {
  const { setback } = memory;
  if (inFlight) return [holds('Reconciling', 'Progressing', `at work: ${workOf(plan)}`)];
  if (plan.verdict === 'blocked') {
    return [holds('Stalled', 'Blocked', plan.pending ?? 'a person must change something')];
  }
  if (setback === null) return [];
  if (setback.notBeforeMs === null) {
    const { message, hint } = setback.failure;
    return [holds('Stalled', 'TerminalFailure', hint === null ? message : `${message}; ${hint}`)];
  }
  const seconds = Math.max(0, Math.ceil((setback.notBeforeMs - elapsedMs) / 1000));
  const again = `tried again in ${seconds} s`;
  if (setback.isHopeless === true) {
    return [holds('Stalled', 'KeepsEnding', `${setback.failure.message}; ${again}`)];
  }
  const failed = setback.attempts === 1 ? 'failed once' : `failed ${setback.attempts} times`;
  return [holds('Reconciling', 'Retrying', `${failed}, ${again}: ${setback.failure.message}`)];
}

/** What is left of a turn once the plan sees no difference any more is to look. */
function workOf({ verdict }: BottlePlan): string {
  return verdict === 'unchanged' || verdict === 'withheld' ? 'verify' : verdict;
}

function holds(type: Condition['type'], reason: string, message: string): Statement {
  return { type, status: 'True', reason, message };
}
