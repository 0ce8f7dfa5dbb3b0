import type { Clock } from '../model/clock.ts';
import type { Proposal } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { ProposalStore } from '../supervise/proposal-store.ts';
import type { Answer, Refusal } from './api.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { createLanes } from './lanes.ts';
import type { Git } from './ports/git.ts';
import type { DecisionRequest, HeldDecision, HeldDecisions } from './ports/held-decisions.ts';
import type { CommittedDecision } from './proposal-decision.ts';

export interface HolderPorts {
  readonly git: Git;
  readonly store: ProposalStore;
  readonly held: HeldDecisions;
  readonly journal: FleetJournal;
  readonly clock: Clock;
}

/** Commits a decision; tells by the callback what of it its operator agreed to. */
type CommitDecision = (
  held: HeldDecision | null,
  onAgreed: (agreed: string) => void,
) => Promise<Answer<CommittedDecision>>;

type Refused = Answer<never> & { readonly ok: false };

/** What a decision says for people while it waits. */
export function heldWords({ request: { kind, operator } }: HeldDecision): string {
  const decided = kind === 'approve' ? 'approved' : 'rejected';
  return `${decided} by ${sanitizeLine(operator, 60)}, waits for the remote repository`;
}

/**
 * Writes each decision down before it is committed to a remote, and keeps it while the remote does not take it: neither
 * a crash nor an outage loses one. Once the remote has the commit, history tells and this is let go.
 */
export class DecisionHolder {
  readonly #ports: HolderPorts;
  /** Whoever decides first is written down first, and commits first. */
  readonly #beginning = createLanes(1);

  constructor(ports: HolderPorts) {
    this.#ports = ports;
  }

  /** `resumed` is the decision that is taken up again; without one a decision that is held already stands. */
  async through(
    proposal: Proposal,
    request: DecisionRequest,
    resumed: HeldDecision | null,
    commit: CommitDecision,
  ): Promise<Answer<CommittedDecision>> {
    if (this.#ports.git.remote() === null) return commit(null, () => undefined);
    const begun = await this.#beginning.run(() =>
      resumed === null ? this.#begin(proposal, request) : this.#again(resumed),
    );
    if ('refusal' in begun) return begun;
    let agreed = begun.agreed;
    const committed = await commit(resumed, (value) => {
      agreed = value;
    });
    if (!committed.ok && committed.refusal.kind === 'remote') {
      await this.#keep({ ...begun, agreed });
      return { ok: false, refusal: waiting(begun, committed.refusal) };
    }
    await this.release(begun);
    return committed;
  }

  async release({ id, bottle }: Pick<HeldDecision, 'id' | 'bottle'>): Promise<void> {
    await this.#ports.held.release(id);
    await this.#ports.store.notify({ id, bottle }, null);
  }

  async #begin(
    { id, bottle }: Proposal,
    request: DecisionRequest,
  ): Promise<HeldDecision | Refused> {
    const { held, clock, journal } = this.#ports;
    const before = await held.find(id);
    if (before !== null) {
      const isTakenBack = before.request.kind === 'approve' && request.kind === 'reject';
      if (!isTakenBack) return { ok: false, refusal: heldBefore(before) };
      await journal.record({
        severity: 'info',
        bottle,
        reason: 'DecisionTakenBack',
        message: `proposal ${id} was ${heldWords(before)}; ${request.operator} rejects it instead`,
        revision: null,
      });
    }
    const at = new Date(clock.nowMs()).toISOString();
    const decision: HeldDecision = { id, bottle, request, at, agreed: null };
    await held.hold(decision);
    return decision;
  }

  /** The decision as long as none took its place. */
  async #again(resumed: HeldDecision): Promise<HeldDecision | Refused> {
    const stands = await this.#ports.held.find(resumed.id);
    if (stands === null || stands.at === resumed.at) return resumed;
    return { ok: false, refusal: heldBefore(stands) };
  }

  async #keep(decision: HeldDecision): Promise<void> {
    const { held, store } = this.#ports;
    await held.hold(decision);
    await store.notify(decision, decision.request.kind === 'approve' ? APPROVED : DECIDED);
  }
}

const APPROVED =
  'An operator has approved it, but it is not in force: the repository that records decisions cannot be reached. It is put in force by itself when that is back.';
const DECIDED =
  'An operator has decided, and the repository that records decisions cannot be reached: the answer comes when it is back.';

function waiting(held: HeldDecision, { message, hint }: Refusal): Refusal {
  const done = held.request.kind === 'approve' ? 'approved, and not in force yet' : 'rejected';
  return {
    kind: 'remote',
    message: `${done}: ${message}`,
    hint: `the decision is written down and is pushed when the remote takes it; bb proposals tells (${hint})`,
    diagnostics: [],
  };
}

function heldBefore(held: HeldDecision): Refusal {
  const hint = held.request.kind === 'approve' ? 'bb reject takes it back while it waits' : null;
  const message = `proposal ${held.id} was ${heldWords(held)}`;
  return { kind: 'conflict', message, hint, diagnostics: [] };
}
