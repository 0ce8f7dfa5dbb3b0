import type { Clock } from '../model/clock.ts';
import { type ProposalId, parseProposalId, type Revision } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { commitMessage } from '../supervise/commit-message.ts';
import type { ProposalStore } from '../supervise/proposal-store.ts';
import type { ProposalRecord } from '../supervise/queue-folder.ts';
import type { Answer, ApproveRequest, Decision, ProposalReview, Refusal } from './api.ts';
import { type Candidate, type CandidatePorts, candidateOf } from './candidate.ts';
import { type Committed, commitChanges } from './commit-changes.ts';
import type { DecisionIndex } from './decision-index.ts';
import { enforce, judgeEnforcement } from './enforcement.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { resolveTip } from './pass.ts';
import type { Reconciler } from './reconciler.ts';
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
    return {
      ok: true,
      value: await reviewCandidate(proposal, candidate.value, this.#ports.reconciler),
    };
  }

  approve(request: ApproveRequest): Promise<Answer<Decision>> {
    return this.#oneAtATime(request.id, async (record) => {
      const committed = await this.#commitApproval(record.proposal, request);
      if (!committed.ok) return committed;
      const { bottle } = record.proposal;
      const { revision } = committed.value;
      const outcome = await enforce(bottle, revision, this.#ports);
      if (outcome.kind !== 'in-force') {
        const why = outcome.kind === 'failed' ? outcome.failure.message : outcome.reason;
        return this.#revert(record.proposal, revision, request.operator, why);
      }
      await this.#answer(record.proposal.id, 'approved', revision, request.operator, request.notes);
      return decided(record.proposal.id, 'approved', committed.value);
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
    const { store, index, git, reconciler } = this.#ports;
    const pending = await store.pending();
    if (pending.length === 0) return;
    const resolved = await resolveTip(git);
    if ('refusal' in resolved) return;
    for (const { proposal } of pending) {
      if (this.#atWork.has(proposal.id)) continue;
      const decision = await index.find(proposal.id, resolved.revision);
      if (decision === null) continue;
      const operator = trailer(decision.commit, 'Bb-Operator') ?? decision.commit.author;
      if (decision.kind === 'rejected') {
        const reason = trailer(decision.commit, 'Bb-Reason') ?? decision.commit.subject;
        await this.#answer(proposal.id, 'rejected', decision.revision, operator, reason);
        continue;
      }
      const snapshot = reconciler.snapshot();
      const stated = await judgeEnforcement(proposal.bottle, decision.revision, snapshot, git);
      if (stated.kind === 'in-force') {
        await this.#answer(proposal.id, 'approved', decision.revision, operator, undefined);
      } else if (stated.kind === 'failed' && stated.failure.kind === 'terminal') {
        await this.#revert(proposal, decision.revision, operator, stated.failure.message);
      }
    }
  }

  async #commitApproval(proposal: Proposal, request: ApproveRequest): Promise<Answer<Committed>> {
    const { git, reconciler } = this.#ports;
    const recorded = await this.#recorded(proposal.id, 'approved');
    if (!recorded.ok) return recorded;
    if (recorded.value !== null) return { ok: true, value: recorded.value };
    return commitChanges(git, async () => {
      const candidate = await candidateOf(proposal, request.scope ?? 'instance', this.#ports);
      if (!candidate.ok) return candidate;
      if (request.seen !== undefined) {
        const review = await reviewCandidate(proposal, candidate.value, reconciler);
        if (review.seen !== request.seen) return outdated(proposal.id);
      }
      const { operator, notes } = request;
      const message = commitMessage({ kind: 'approve', proposal, operator, notes: notes ?? null });
      return { ok: true, value: { changes: this.#changed(candidate.value), ...message } };
    });
  }

  async #commitRejection(
    proposal: Proposal,
    reason: string,
    operator: string,
  ): Promise<Answer<Committed>> {
    const recorded = await this.#recorded(proposal.id, 'rejected');
    if (!recorded.ok) return recorded;
    if (recorded.value !== null) return { ok: true, value: recorded.value };
    const message = commitMessage({ kind: 'reject', proposal, operator, reason });
    return commitChanges(this.#ports.git, async () => ({
      ok: true,
      value: { changes: new Map(), ...message },
    }));
  }

  /** A decision that a crash left in history is taken up; one of the other kind wins over this one. */
  async #recorded(
    id: ProposalId,
    wanted: 'approved' | 'rejected',
  ): Promise<Answer<Committed | null>> {
    const resolved = await resolveTip(this.#ports.git);
    if ('refusal' in resolved) return { ok: false, refusal: resolved.refusal };
    const decision = await this.#ports.index.find(id, resolved.revision);
    if (decision === null) return { ok: true, value: null };
    const { revision, commit } = decision;
    if (decision.kind !== wanted) {
      const at = revision.slice(0, 12);
      return refuse('conflict', `proposal ${id} was ${decision.kind} in commit ${at}`, null);
    }
    return { ok: true, value: { revision, subject: commit.subject, leftInWorkingTree: [] } };
  }

  /** Takes the approved edit back by a commit that says why; the proposal waits again. */
  async #revert(
    proposal: Proposal,
    approved: Revision,
    operator: string,
    why: string,
  ): Promise<Answer<never>> {
    const { git, journal, reconciler } = this.#ports;
    const reason = sanitizeLine(why);
    const reverted = await commitChanges(git, async () => {
      const undone = await this.#undone(approved);
      if (!undone.ok) return undone;
      const reverts = { kind: 'revert', proposal, operator, reverts: approved, reason } as const;
      const message = commitMessage(reverts);
      return { ok: true, value: { changes: undone.value, ...message } };
    });
    if (!reverted.ok) return reverted;
    await reconciler.pass({ permissions: { allowMassDelete: false, applyNow: [] } });
    await journal.record({
      severity: 'error',
      bottle: proposal.bottle,
      reason: 'ApprovalReverted',
      message: `proposal ${proposal.id}: ${reason}`,
      revision: reverted.value.revision,
    });
    return refuse(
      'apply-failed',
      `the approval could not be put in force and was reverted: ${reason}`,
      `the proposal waits again; see bb status and bb logs ${proposal.bottle} sidecars`,
    );
  }

  /** The files that the approval touched, as they were before it, unless somebody changed them since. */
  async #undone(approved: Revision): Promise<Answer<ReadonlyMap<string, string | null>>> {
    const { git } = this.#ports;
    const [commit] = await git.log(approved, 1);
    const parent = commit?.parents[0];
    const resolved = await resolveTip(git);
    if ('refusal' in resolved) return { ok: false, refusal: resolved.refusal };
    if (parent === undefined) return refuse('conflict', 'the approval has no parent commit', null);
    const [before, after, now] = await Promise.all([
      git.readTree(parent),
      git.readTree(approved),
      git.readTree(resolved.revision),
    ]);
    const changes = new Map<string, string | null>();
    for (const path of new Set([...before.keys(), ...after.keys()])) {
      const was = textAt(before, path);
      const became = textAt(after, path);
      if (was === became) continue;
      if (textAt(now, path) !== became) {
        return refuse(
          'conflict',
          `${path} was changed after the approval, so it cannot be taken back automatically`,
          `undo commit ${approved.slice(0, 12)} by hand`,
        );
      }
      changes.set(`${git.folder}/${path}`, was);
    }
    return { ok: true, value: changes };
  }

  #changed(candidate: Candidate): ReadonlyMap<string, string | null> {
    return new Map([[`${this.#ports.git.folder}/${candidate.edit.path}`, candidate.edit.after]]);
  }

  async #answer(
    id: ProposalId,
    state: 'approved' | 'rejected',
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

function decided(
  id: ProposalId,
  state: Decision['state'],
  { revision, subject, leftInWorkingTree }: Committed,
): Answer<Decision> {
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

function textAt(
  files: ReadonlyMap<string, { readonly bytes: Uint8Array }>,
  path: string,
): string | null {
  const file = files.get(path);
  return file === undefined ? null : new TextDecoder().decode(file.bytes);
}
