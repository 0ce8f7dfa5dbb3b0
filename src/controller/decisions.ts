import type { Clock } from '../model/clock.ts';
import type { Proposal } from '../model/proposal.ts';
import { commitMessage } from '../supervise/commit-message.ts';
import type { ProposalStore } from '../supervise/proposal-store.ts';
import { requestText } from '../supervise/request-text.ts';
import type {
  Answer,
  ApprovalTerms,
  ApproveRequest,
  Decision,
  ProposalReview,
  Refusal,
} from './api.ts';
import { applicable } from './applicable.ts';
import { type Approvable, askedInstead } from './asked-instead.ts';
import { type CandidatePorts, candidateOf } from './candidate.ts';
import type { CommittedAhead } from './commit-changes.ts';
import type { DecisionIndex } from './decision-index.ts';
import { DecisionTurns } from './decision-turns.ts';
import { demandOf, enforce, permissionsFor } from './enforcement.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { answerProposal } from './proposal-answers.ts';
import type { Reconciler } from './reconciler.ts';
import { reviewCandidate } from './review-candidate.ts';
import { answerDecided } from './unanswered-proposals.ts';

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
 * answer is written only when the change is in force; when it cannot be, the commit is reverted and the proposal waits
 * again.
 */
export class Decisions {
  readonly #ports: DecisionPorts;
  readonly #turns: DecisionTurns;

  constructor(ports: DecisionPorts) {
    this.#ports = ports;
    this.#turns = new DecisionTurns(ports);
  }

  /** Part of every look at the fleet; see there. */
  answerDecided(): Promise<void> {
    return answerDecided(this.#ports, this.#turns);
  }

  async review(id: string, terms: ApprovalTerms = {}): Promise<Answer<ProposalReview>> {
    const found = await this.#turns.pending(id);
    if (!found.ok) return found;
    const asked = askedInstead(found.value.proposal, terms.text);
    if (!asked.ok) return asked;
    const { proposal } = asked.value;
    const candidate = await candidateOf(proposal, terms, this.#ports);
    if (!candidate.ok) return candidate;
    const { tip, after } = candidate.value;
    const { reconciler } = this.#ports;
    const good = { revision: tip, desired: after };
    const { plan } = await reconciler.lookAhead(good, permissionsFor(demandOf(proposal, tip)));
    return { ok: true, value: reviewCandidate(proposal, candidate.value, plan) };
  }

  approve(request: ApproveRequest): Promise<Answer<Decision>> {
    return this.#turns.decide(request.id, async (record) => {
      const asked = askedInstead(record.proposal, request.text);
      if (!asked.ok) return asked;
      const approvable = asked.value;
      const committed = await this.#commitApproval(approvable, request);
      if (!committed.ok) return committed;
      const { follow } = committed.value;
      return this.#putInForce(approvable, request, committed.value).finally(follow);
    });
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
    return this.#turns.decide(request.id, async ({ proposal }) => {
      const committed = await this.#commitRejection(proposal, reason, operator);
      if (!committed.ok) return committed;
      const { revision } = committed.value;
      const told = { state: 'rejected', operator, notes: reason, revision } as const;
      await answerProposal(proposal, told, this.#ports);
      return decided(proposal, 'rejected', committed.value);
    });
  }

  /** The agent waits in its tool call: what it does not need comes after its answer. */
  async #putInForce(
    { proposal, instead }: Approvable,
    { operator, notes }: ApproveRequest,
    { revision, subject, follow }: CommittedAhead,
  ): Promise<Answer<Decision>> {
    const { index } = this.#ports;
    const demand = demandOf(proposal, revision);
    const state = instead === null ? 'approved' : 'modified';
    const { outcome, passed } = await enforce(demand, this.#ports);
    if (outcome.kind === 'in-force') {
      const final = instead === null ? null : requestText(instead);
      await answerProposal(proposal, { state, operator, notes, final, revision }, this.#ports);
    }
    // A pass that failed is made again by the loop; history is read for the next decision, which reads it anyway.
    await Promise.allSettled([passed, index.find(proposal.id, revision), follow()]);
    if (outcome.kind === 'in-force') return decided(proposal, state, { revision, subject, follow });
    const failed = outcome.kind === 'failed' ? outcome.failure : { message: outcome.reason };
    return this.#turns.revert({ proposal, approved: revision, operator }, failed);
  }

  #commitApproval(
    { proposal, instead }: Approvable,
    request: ApproveRequest,
  ): Promise<Answer<CommittedAhead>> {
    const { reconciler, git } = this.#ports;
    const wanted = instead === null ? 'approved' : 'modified';
    return this.#turns.commit(proposal.id, wanted, async () => {
      const found = await candidateOf(proposal, request, this.#ports);
      if (!found.ok) return found;
      const candidate = found.value;
      const { tip, after, edits } = candidate;
      const permissions = permissionsFor(demandOf(proposal, tip));
      const ahead = await reconciler.lookAhead({ revision: tip, desired: after }, permissions);
      const possible = applicable(proposal, ahead);
      if (!possible.ok) return possible;
      const { seen } = reviewCandidate(proposal, candidate, ahead.plan);
      if (request.seen !== undefined && request.seen !== seen) return outdated(proposal.id);
      const { operator, notes = null } = request;
      const message = commitMessage({ kind: 'approve', proposal, operator, notes, instead });
      const changes = new Map(edits.map((edit) => [`${git.folder}/${edit.path}`, edit.after]));
      return { ok: true, value: { changes, ...message } };
    });
  }

  #commitRejection(
    proposal: Proposal,
    reason: string,
    operator: string,
  ): Promise<Answer<CommittedAhead>> {
    const message = commitMessage({ kind: 'reject', proposal, operator, reason });
    return this.#turns.commit(proposal.id, 'rejected', async () => ({
      ok: true,
      value: { changes: new Map(), ...message },
    }));
  }
}

async function decided(
  { id }: Proposal,
  state: Decision['state'],
  { revision, subject, follow }: CommittedAhead,
): Promise<Answer<Decision>> {
  const leftInWorkingTree = await follow();
  const left = leftInWorkingTree.length === 0 ? {} : { leftInWorkingTree };
  return { ok: true, value: { id, state, revision, commitSubject: subject, ...left } };
}

function outdated(id: Proposal['id']): Answer<never> {
  return refuse(
    'conflict',
    `what proposal ${id} would change is not what you were shown`,
    `the branch moved; look again with bb show ${id}`,
  );
}

function refuse(kind: Refusal['kind'], message: string, hint: string | null): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
