import type { Clock } from '../model/clock.ts';
import { type ProposalId, parseProposalId, type Revision } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { commitMessage } from '../supervise/commit-message.ts';
import type { ProposalStore } from '../supervise/proposal-store.ts';
import type { ProposalRecord } from '../supervise/queue-folder.ts';
import type { Answer, ApproveRequest, Decision, ProposalReview, Refusal } from './api.ts';
import { applicable } from './applicable.ts';
import { type CandidatePorts, candidateOf } from './candidate.ts';
import type { CommittedAhead } from './commit-changes.ts';
import type { DecisionIndex, RecordedDecision } from './decision-index.ts';
import { type Enforcement, enforce, judgeEnforcement } from './enforcement.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { resolveTip } from './pass.ts';
import { commitDecision } from './proposal-decision.ts';
import type { Reconciler } from './reconciler.ts';
import { revertApproval } from './revert-approval.ts';
import { reviewCandidate } from './review-candidate.ts';

export interface DecisionPorts extends CandidatePorts {
  readonly store: ProposalStore;
  readonly index: DecisionIndex;
  readonly reconciler: Reconciler;
  readonly journal: FleetJournal;
  readonly clock: Clock;
}

/**
 * An operator's decisions, each in this order, so that a crash between any two steps is finished by the next start:
 *
 *   commit (trailers name the proposal) → reconcile → sidecars report it → answer → archive
 *
 * The commit is the decision: it is looked for in history before one is made, so there is never a second one. The
 * answer is written only when the table is in force; when it cannot be, the commit is reverted and the proposal waits
 * again.
 */
export class Decisions {
  readonly #ports: DecisionPorts;
  #deciding: Promise<unknown> = Promise.resolve();
  readonly #atWork = new Set<ProposalId>();

  constructor(ports: DecisionPorts) {
    this.#ports = ports;
  }

  async review(id: string, scope = 'instance'): Promise<Answer<ProposalReview>> {
    const found = await this.#pending(id);
    if (!found.ok) return found;
    const { proposal } = found.value;
    const candidate = await candidateOf(proposal, scope, this.#ports);
    if (!candidate.ok) return candidate;
    const { tip, after } = candidate.value;
    const plan = await this.#ports.reconciler.planDesired({ revision: tip, desired: after });
    return { ok: true, value: reviewCandidate(proposal, candidate.value, plan) };
  }

  approve(request: ApproveRequest): Promise<Answer<Decision>> {
    return this.#oneAtATime(request.id, async (record) => {
      const committed = await this.#commitApproval(record.proposal, request);
      if (!committed.ok) return committed;
      const { revision, follow } = committed.value;
      const { proposal } = record;
      const { operator } = request;
      const outcome = await this.#putInForce(proposal, committed.value, request).finally(follow);
      if (outcome.kind !== 'in-force') {
        const why = outcome.kind === 'failed' ? outcome.failure.message : outcome.reason;
        return revertApproval({ proposal, approved: revision, operator }, why, this.#ports);
      }
      return decided(proposal.id, 'approved', committed.value);
    });
  }

  /** The agent waits in its tool call: what it does not need comes after its answer. */
  async #putInForce(
    { id, bottle }: Proposal,
    { revision, follow }: CommittedAhead,
    { operator, notes }: ApproveRequest,
  ): Promise<Enforcement> {
    const { outcome, passed } = await enforce(bottle, revision, this.#ports);
    if (outcome.kind === 'in-force') await this.#answer(id, 'approved', revision, operator, notes);
    // A pass that failed is made again by the loop; history is read for the next decision, which reads it anyway.
    const read = this.#ports.index.find(id, revision);
    await Promise.allSettled([passed, read, follow()]);
    return outcome;
  }

  reject(request: {
    readonly id: string;
    readonly reason: string;
    readonly operator: string;
  }): Promise<Answer<Decision>> {
    const { reason, operator } = request;
    if (reason.trim() === '') {
      return Promise.resolve(
        refuse('bad-request', 'a rejection needs a reason', 'the agent is told it: --reason "…"'),
      );
    }
    return this.#oneAtATime(request.id, async ({ proposal }) => {
      const committed = await this.#commitRejection(proposal, reason, operator);
      if (!committed.ok) return committed;
      await this.#answer(proposal.id, 'rejected', committed.value.revision, operator, reason);
      return decided(proposal.id, 'rejected', committed.value);
    });
  }

  /**
   * Finishes decisions that history records and the agent has not heard of: what a crash, or an operator who pushed
   * the commit from elsewhere, left to do. Part of every look at the fleet.
   */
  async answerDecided(): Promise<void> {
    const { store, index, git } = this.#ports;
    for (const { proposal } of await store.answered()) await store.archive(proposal.id);
    const pending = await store.pending();
    if (pending.length === 0) return;
    const resolved = await resolveTip(git);
    if ('refusal' in resolved) return;
    for (const { proposal } of pending) {
      if (this.#atWork.has(proposal.id)) continue;
      const decision = await index.find(proposal.id, resolved.revision);
      if (decision !== null) await this.#finish(proposal, decision);
    }
  }

  async #finish(proposal: Proposal, { kind, revision, commit }: RecordedDecision): Promise<void> {
    const { git, reconciler } = this.#ports;
    const operator = trailer(commit, 'Bb-Operator') ?? commit.author;
    if (kind === 'rejected') {
      const reason = trailer(commit, 'Bb-Reason') ?? commit.subject;
      return this.#answer(proposal.id, 'rejected', revision, operator, reason);
    }
    const snapshot = reconciler.snapshot();
    const stated = await judgeEnforcement(proposal.bottle, revision, snapshot, git);
    if (stated.kind === 'in-force') {
      return this.#answer(proposal.id, 'approved', revision, operator, undefined);
    }
    if (stated.kind === 'gone') {
      return this.#answer(proposal.id, 'expired', revision, operator, stated.reason);
    }
    if (stated.kind !== 'failed' || stated.failure.kind !== 'terminal') return;
    const { message } = stated.failure;
    await this.#oneAtATime(proposal.id, () =>
      revertApproval({ proposal, approved: revision, operator }, message, this.#ports),
    );
  }

  #commitApproval(proposal: Proposal, request: ApproveRequest): Promise<Answer<CommittedAhead>> {
    const { reconciler } = this.#ports;
    return commitDecision(proposal.id, 'approved', this.#ports, async () => {
      const found = await candidateOf(proposal, request.scope ?? 'instance', this.#ports);
      if (!found.ok) return found;
      const candidate = found.value;
      const { tip, after, edit } = candidate;
      const ahead = await reconciler.lookAhead({ revision: tip, desired: after });
      const possible = applicable(proposal.bottle, ahead);
      if (!possible.ok) return possible;
      const { seen } = reviewCandidate(proposal, candidate, ahead.plan);
      if (request.seen !== undefined && request.seen !== seen) return outdated(proposal.id);
      const { operator, notes } = request;
      const message = commitMessage({ kind: 'approve', proposal, operator, notes: notes ?? null });
      const changes = new Map([[`${this.#ports.git.folder}/${edit.path}`, edit.after]]);
      return { ok: true, value: { changes, ...message } };
    });
  }

  #commitRejection(
    proposal: Proposal,
    reason: string,
    operator: string,
  ): Promise<Answer<CommittedAhead>> {
    const message = commitMessage({ kind: 'reject', proposal, operator, reason });
    return commitDecision(proposal.id, 'rejected', this.#ports, async () => ({
      ok: true,
      value: { changes: new Map(), ...message },
    }));
  }

  async #answer(
    id: ProposalId,
    state: 'approved' | 'rejected' | 'expired',
    revision: Revision,
    operator: string,
    notes: string | undefined,
  ): Promise<void> {
    const { store, clock } = this.#ports;
    await store.respond({
      id,
      state,
      decidedAt: new Date(clock.nowMs()).toISOString(),
      operator: sanitizeLine(operator, 200),
      notes: notes === undefined ? null : sanitizeLine(notes),
      revision,
    });
    await store.archive(id);
  }

  async #pending(id: string): Promise<Answer<ProposalRecord>> {
    const record = parseProposalId(id) === undefined ? null : await this.#ports.store.read(id);
    if (record === null) {
      return refuse(
        'not-found',
        `there is no proposal ${sanitizeLine(id, 40)}`,
        'see bb proposals',
      );
    }
    if (record.response === null) return { ok: true, value: record };
    const { state, operator, decidedAt } = record.response;
    return refuse('conflict', `proposal ${id} was ${state} by ${operator} at ${decidedAt}`, null);
  }

  /** Decisions go one after the other: of two about one proposal the second finds the first one's commit. */
  #oneAtATime(
    id: string,
    decide: (record: ProposalRecord) => Promise<Answer<Decision>>,
  ): Promise<Answer<Decision>> {
    const run = this.#deciding.then(async (): Promise<Answer<Decision>> => {
      const found = await this.#pending(id);
      if (!found.ok) return found;
      this.#atWork.add(found.value.proposal.id);
      try {
        return await decide(found.value);
      } finally {
        this.#atWork.delete(found.value.proposal.id);
      }
    });
    this.#deciding = run.catch(() => undefined);
    return run;
  }
}

async function decided(
  id: ProposalId,
  state: Decision['state'],
  { revision, subject, follow }: CommittedAhead,
): Promise<Answer<Decision>> {
  const leftInWorkingTree = await follow();
  const left = leftInWorkingTree.length === 0 ? {} : { leftInWorkingTree };
  return { ok: true, value: { id, state, revision, commitSubject: subject, ...left } };
}

function outdated(id: ProposalId): Answer<never> {
  return refuse(
    'conflict',
    `what proposal ${id} would change is not what you were shown`,
    `the branch moved; look again with bb show ${id}`,
  );
}

function refuse(kind: Refusal['kind'], message: string, hint: string | null): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}

function trailer(
  commit: { readonly trailers: readonly (readonly [string, string])[] },
  name: string,
): string | undefined {
  return commit.trailers.find(([key]) => key === name)?.[1];
}
