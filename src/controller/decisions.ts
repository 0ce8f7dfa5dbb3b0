import type { Clock } from '../model/clock.ts';
import type { HostPolicy } from '../model/host-policy.ts';
import type { Proposal } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { operatorsWords } from '../supervise/commit-message.ts';
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
import { approvalChange } from './approval-change.ts';
import { type Approvable, askedInstead } from './asked-instead.ts';
import { type CandidatePorts, candidateOf } from './candidate.ts';
import { DecisionHolder } from './decision-holder.ts';
import type { DecisionIndex } from './decision-index.ts';
import { DecisionTurns } from './decision-turns.ts';
import { demandOf, enforce, permissionsFor } from './enforcement.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { resolveTip } from './pass.ts';
import type { HeldDecision, HeldDecisions } from './ports/held-decisions.ts';
import { answerProposal } from './proposal-answers.ts';
import type { CommittedDecision } from './proposal-decision.ts';
import type { Reconciler } from './reconciler.ts';
import { operatorOf, toldOf } from './recorded-answer.ts';
import { rejectionChange } from './rejection-change.ts';
import { ResumedDecisions } from './resumed-decisions.ts';
import { reviewCandidate } from './review-candidate.ts';
import { answerDecided } from './unanswered-proposals.ts';

export interface DecisionPorts extends Omit<CandidatePorts, 'reconciler'> {
  readonly policy: HostPolicy;
  readonly store: ProposalStore;
  readonly index: DecisionIndex;
  readonly reconciler: Reconciler;
  readonly journal: FleetJournal;
  readonly clock: Clock;
  readonly held: HeldDecisions;
}

/**
 * An operator's decisions, each in this order, so that a crash between any two steps is finished by the next start:
 *
 *   commit (trailers name the proposal) → reconcile → sidecars report it → answer → archive
 *
 * The commit is the decision: it is looked for in history before one is made, so there is never a second one. The
 * answer is written only when the change is in force; when it cannot be, the commit is reverted and the proposal waits
 * again. Of a remote branch each decision is written down first, and committed as soon as the remote takes it.
 */
export class Decisions {
  readonly #ports: DecisionPorts;
  readonly #turns: DecisionTurns;
  readonly #holder: DecisionHolder;
  readonly #resumed: ResumedDecisions;
  readonly #ended = new AbortController();

  constructor(ports: DecisionPorts) {
    this.#ports = ports;
    this.#turns = new DecisionTurns(ports);
    this.#holder = new DecisionHolder(ports);
    this.#resumed = new ResumedDecisions({
      ...ports,
      holder: this.#holder,
      turns: this.#turns,
      resume: (held) => this.#resume(held),
    });
  }

  /** Part of every look at the fleet: begins what was decided and waits for the remote, answers what is committed. */
  async answerDecided(): Promise<void> {
    await this.#resumed.begin();
    await answerDecided(this.#ports, this.#turns, (id) => this.#resumed.isUnderWay(id));
  }

  /** Resolves when nothing is under way that an earlier look began. */
  settled(): Promise<void> {
    return this.#resumed.settled();
  }

  /** Waits for nothing any more that is to come in force: the next process does. */
  end(): void {
    this.#ended.abort();
  }

  #resume(held: HeldDecision): Promise<Answer<Decision>> {
    return held.request.kind === 'approve'
      ? this.approve(held.request, held)
      : this.reject(held.request, held);
  }

  /** Decisions that are made and wait for the remote, in order. */
  held(): Promise<readonly HeldDecision[]> {
    return this.#ports.held.all();
  }

  async review(id: string, terms: ApprovalTerms = {}): Promise<Answer<ProposalReview>> {
    const found = await this.#turns.pending(id);
    if (!found.ok) return found;
    const asked = askedInstead(found.value.proposal, terms.text);
    if (!asked.ok) return asked;
    const { proposal } = asked.value;
    const { reconciler, git } = this.#ports;
    const resolved = await resolveTip(git);
    if ('refusal' in resolved) return { ok: false, refusal: resolved.refusal };
    const candidate = await candidateOf(proposal, terms, resolved.revision, this.#ports);
    if (!candidate.ok) return candidate;
    const { tip, after } = candidate.value;
    const good = { revision: tip, desired: after };
    const { plan } = await reconciler.lookAhead(good, permissionsFor(demandOf(proposal, tip)));
    return { ok: true, value: reviewCandidate(proposal, candidate.value, plan) };
  }

  approve(asking: ApproveRequest, resumed: HeldDecision | null = null): Promise<Answer<Decision>> {
    const request = { kind: 'approve', ...asking } as const;
    return this.#turns.decide(request.id, async ({ proposal }) => {
      const asked = askedInstead(proposal, request.text);
      if (!asked.ok) return asked;
      return this.#turns.approving(proposal, () => this.#approve(asked.value, request, resumed));
    });
  }

  async #approve(
    approvable: Approvable,
    request: ApproveRequest & { readonly kind: 'approve' },
    resumed: HeldDecision | null,
  ): Promise<Answer<Decision>> {
    const { proposal, instead } = approvable;
    const wanted = instead === null ? 'approved' : 'modified';
    const committed = await this.#holder.through(proposal, request, resumed, (held, onAgreed) => {
      const change = approvalChange(approvable, { request, held, onAgreed }, this.#ports);
      return this.#turns.commit(proposal.id, wanted, change);
    });
    if (!committed.ok) return committed;
    const { follow } = committed.value;
    return this.#putInForce(approvable, request, committed.value).finally(follow);
  }

  reject(
    asking: { readonly id: string; readonly reason: string; readonly operator: string },
    resumed: HeldDecision | null = null,
  ): Promise<Answer<Decision>> {
    const request = { kind: 'reject', ...asking } as const;
    const { reason, operator } = request;
    if (reason.trim() === '') {
      return Promise.resolve(
        refuse('bad-request', 'a rejection needs a reason', 'the agent is told it: --reason "…"'),
      );
    }
    return this.#turns.decide(request.id, async ({ proposal }) => {
      const committed = await this.#holder.through(proposal, request, resumed, () =>
        this.#turns.commit(
          proposal.id,
          'rejected',
          rejectionChange(proposal, request, this.#ports),
        ),
      );
      if (!committed.ok) return committed;
      const { revision } = committed.value;
      const notes = operatorsWords(reason);
      const own = { state: 'rejected', operator, notes, revision } as const;
      const told = await toldOf(proposal, own, committed.value.before, this.#ports.git);
      await answerProposal(proposal, told, this.#ports);
      return decided(proposal, 'rejected', committed.value);
    });
  }

  #putInForce(
    approvable: Approvable,
    request: ApproveRequest,
    committed: CommittedDecision,
  ): Promise<Answer<Decision>> {
    const { reconciler } = this.#ports;
    const { last } = reconciler.snapshot();
    return this.#turns.inTurn(approvable.proposal.bottle, () => {
      const mayBeInForce = reconciler.snapshot().last !== last;
      return this.#answerInForce(approvable, request, { ...committed, mayBeInForce });
    });
  }

  /** The agent waits in its tool call: what it does not need comes after its answer. */
  async #answerInForce(
    { proposal, instead }: Approvable,
    { operator, notes: raw = '' }: ApproveRequest,
    committed: CommittedDecision & { readonly mayBeInForce: boolean },
  ): Promise<Answer<Decision>> {
    const { revision, follow } = committed;
    const { index, git } = this.#ports;
    const demand = demandOf(proposal, revision);
    const state = instead === null ? 'approved' : 'modified';
    const patience = { mayBeInForce: committed.mayBeInForce, ended: this.#ended.signal };
    const { outcome, passed } = await enforce(demand, this.#ports, patience);
    if (outcome.kind === 'in-force') {
      const final = instead === null ? null : requestText(instead);
      const notes = operatorsWords(raw) || undefined;
      const own = { state, operator, notes, final, revision } as const;
      const told = await toldOf(proposal, own, committed.before, git);
      await answerProposal(proposal, told, this.#ports);
    }
    // A pass that failed is made again by the loop; history is read for the next decision, which reads it anyway.
    await Promise.allSettled([passed, index.find(proposal.id, revision), follow()]);
    if (outcome.kind === 'in-force') return decided(proposal, state, committed);
    if (outcome.kind === 'left') return refuse('apply-failed', LEFT, LEFT_HINT);
    const failed = outcome.kind === 'failed' ? outcome.failure : { message: outcome.reason };
    return this.#turns.revert({ proposal, approved: revision, operator }, failed);
  }
}

const LEFT = 'the controller ended before it was in force';
const LEFT_HINT =
  'it is committed: the next bb controller or bb reconcile puts it in force and answers the agent';

async function decided(
  { id }: Proposal,
  state: Decision['state'],
  { revision, subject, follow, before }: CommittedDecision,
): Promise<Answer<Decision>> {
  const leftInWorkingTree = await follow();
  const left = leftInWorkingTree.length === 0 ? {} : { leftInWorkingTree };
  const by = before === null ? {} : { decidedBy: sanitizeLine(operatorOf(before), 60) };
  return { ok: true, value: { id, state, revision, commitSubject: subject, ...by, ...left } };
}

function refuse(kind: Refusal['kind'], message: string, hint: string | null): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
