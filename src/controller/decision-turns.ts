import { type BottleName, type ProposalId, parseProposalId } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { ProposalStore } from '../supervise/proposal-store.ts';
import type { ProposalRecord } from '../supervise/queue-folder.ts';
import type { Answer, Decision, Refusal } from './api.ts';
import type { ChangeAt } from './commit-chain.ts';
import { CommitGroups } from './commit-groups.ts';
import type { DecisionIndex, RecordedDecision } from './decision-index.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { resolveTip } from './pass.ts';
import { type CommittedDecision, commitDecision } from './proposal-decision.ts';
import { type RevertPorts, revertApproval } from './revert-approval.ts';
import { SharedTurns } from './shared-turns.ts';

export interface TurnPorts extends Omit<RevertPorts, 'committing'> {
  readonly store: ProposalStore;
  readonly index: DecisionIndex;
}

/**
 * Whose turn it is to decide. Of two decisions about one proposal the second finds the first one's commit; those about
 * different ones are committed together when they come together. What a decision brings about in a bottle is waited
 * for one after the other; bottles do not wait for each other.
 */
export class DecisionTurns {
  readonly #ports: TurnPorts;
  readonly #groups: CommitGroups;
  readonly #byBottle = new Map<BottleName, Lanes>();
  readonly #approving = new Map<BottleName, SharedTurns>();
  readonly #byProposal = new Map<ProposalId, Lanes>();
  /** Looked up in the order of arrival, so that whoever asks first decides first. */
  readonly #arriving = createLanes(1);
  /** How many decisions about a bottle are being made. */
  readonly #atWork = new Map<BottleName, number>();

  constructor(ports: TurnPorts) {
    this.#ports = ports;
    this.#groups = new CommitGroups(ports.git);
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
    const { proposal } = known.value;
    const waits = this.#byProposal.has(proposal.id);
    return this.alone(proposal, async () => {
      // Who does not wait reads nothing more, or a later one could be faster.
      const found = waits ? await this.pending(id) : known;
      return found.ok ? decide(found.value) : found;
    });
  }

  /** Runs `work` when nothing else decides about the proposal. */
  async alone<Value>(
    { id, bottle }: Pick<Proposal, 'id' | 'bottle'>,
    work: () => Promise<Value>,
  ): Promise<Value> {
    const lane = this.#byProposal.get(id) ?? createLanes(1);
    this.#byProposal.set(id, lane);
    this.#atWork.set(bottle, (this.#atWork.get(bottle) ?? 0) + 1);
    try {
      return await lane.run(work);
    } finally {
      const left = (this.#atWork.get(bottle) ?? 1) - 1;
      if (left > 0) this.#atWork.set(bottle, left);
      else this.#atWork.delete(bottle);
      if (lane.isIdle) this.#byProposal.delete(id);
    }
  }

  /**
   * Runs all of an approval. An image is alone with its bottle from its commit to its answer: others would wait for its
   * build, and longer than they may.
   */
  approving<Value>({ bottle, request }: Proposal, work: () => Promise<Value>): Promise<Value> {
    const turns = this.#approving.get(bottle) ?? new SharedTurns();
    this.#approving.set(bottle, turns);
    return turns.run(request.tool === 'capability-block', work);
  }

  /** Runs `work` when nothing else that was decided about the bottle is brought about. */
  inTurn<Value>(bottle: BottleName, work: () => Promise<Value>): Promise<Value> {
    const lane = this.#byBottle.get(bottle) ?? createLanes(1);
    this.#byBottle.set(bottle, lane);
    return lane.run(work);
  }

  commit(
    id: ProposalId,
    wanted: RecordedDecision['kind'],
    changeAt: ChangeAt,
  ): Promise<Answer<CommittedDecision>> {
    const { index } = this.#ports;
    return commitDecision(id, wanted, { groups: this.#groups, index }, changeAt);
  }

  revert(
    approval: Parameters<typeof revertApproval>[0],
    failed: Parameters<typeof revertApproval>[1],
  ): Promise<Answer<never>> {
    const committing: RevertPorts['committing'] = (work) => this.#groups.between(work);
    return revertApproval(approval, failed, { ...this.#ports, committing });
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
