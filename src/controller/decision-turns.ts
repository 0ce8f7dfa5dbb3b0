import { type BottleName, type ProposalId, parseProposalId } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { ProposalStore } from '../supervise/proposal-store.ts';
import type { ProposalRecord } from '../supervise/queue-folder.ts';
import type { Answer, Decision, Refusal } from './api.ts';
import type { ChangeAt, CommittedAhead } from './commit-changes.ts';
import type { DecisionIndex, RecordedDecision } from './decision-index.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { resolveTip } from './pass.ts';
import { commitDecision } from './proposal-decision.ts';
import { type RevertPorts, revertApproval } from './revert-approval.ts';

export interface TurnPorts extends RevertPorts {
  readonly store: ProposalStore;
  readonly index: DecisionIndex;
}

/**
 * Whose turn it is to decide. Of two decisions about one proposal the second finds the first one's commit; bottles do
 * not wait for each other. Commits go one after the other: those that race for the branch are derived again.
 */
export class DecisionTurns {
  readonly #ports: TurnPorts;
  readonly #byBottle = new Map<BottleName, Lanes>();
  /** Looked up in the order of arrival, so that whoever asks first decides first. */
  readonly #arriving = createLanes(1);
  readonly #committing = createLanes(1);
  readonly #atWork = new Set<BottleName>();

  constructor(ports: TurnPorts) {
    this.#ports = ports;
  }

  /** True while a decision about this bottle is being made. */
  isAtWork(bottle: BottleName): boolean {
    return this.#atWork.has(bottle);
  }

  /** Decides about a proposal that still waits when its turn comes. */
  async decide(
    id: string,
    decide: (record: ProposalRecord) => Promise<Answer<Decision>>,
  ): Promise<Answer<Decision>> {
    const known = await this.#arriving.run(() => this.pending(id));
    if (!known.ok) return known;
    const { bottle } = known.value.proposal;
    return this.inTurn(bottle, async () => {
      const found = await this.pending(id);
      return found.ok ? decide(found.value) : found;
    });
  }

  /** Runs `work` when nothing else is decided about the bottle. */
  inTurn<Value>(bottle: BottleName, work: () => Promise<Value>): Promise<Value> {
    const lane = this.#byBottle.get(bottle) ?? createLanes(1);
    this.#byBottle.set(bottle, lane);
    return lane.run(async () => {
      this.#atWork.add(bottle);
      try {
        return await work();
      } finally {
        this.#atWork.delete(bottle);
      }
    });
  }

  commit(
    id: ProposalId,
    wanted: RecordedDecision['kind'],
    changeAt: ChangeAt,
  ): Promise<Answer<CommittedAhead>> {
    return this.#committing.run(() => commitDecision(id, wanted, this.#ports, changeAt));
  }

  revert(
    approval: Parameters<typeof revertApproval>[0],
    failed: Parameters<typeof revertApproval>[1],
  ): Promise<Answer<never>> {
    return this.#committing.run(() => revertApproval(approval, failed, this.#ports));
  }

  /** The proposal, as long as an operator may decide it. */
  async pending(id: string): Promise<Answer<ProposalRecord>> {
    const record = parseProposalId(id) === undefined ? null : await this.#ports.store.read(id);
    if (record === null) {
      return refuse(
        'not-found',
        `there is no proposal ${sanitizeLine(id, 40)}`,
        'see bb proposals',
      );
    }
    const { proposal, response, withdrawn } = record;
    if (response !== null) {
      const { state, operator, decidedAt } = response;
      return refuse('conflict', `proposal ${id} was ${state} by ${operator} at ${decidedAt}`, null);
    }
    if (withdrawn && !(await this.#isDecided(proposal))) {
      return refuse('conflict', `proposal ${id} was withdrawn by its agent`, null);
    }
    return { ok: true, value: record };
  }

  /** True when history holds a decision that the agent has not heard of: a withdrawal came too late for it. */
  async #isDecided({ id }: Proposal): Promise<boolean> {
    const { git, index } = this.#ports;
    const resolved = await resolveTip(git);
    return 'revision' in resolved && (await index.find(id, resolved.revision)) !== null;
  }
}

function refuse(kind: Refusal['kind'], message: string, hint: string | null): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
