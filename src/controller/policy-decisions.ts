import { type PolicyRule, policyOperator } from '../model/approval-policy.ts';
import type { Clock } from '../model/clock.ts';
import type { ProposalId, Revision } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { ruleFor } from '../supervise/policy-rule.ts';
import type { ProposalStore } from '../supervise/proposal-store.ts';
import type { Answer, Decision } from './api.ts';
import type { DecisionIndex } from './decision-index.ts';
import type { Decisions } from './decisions.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { createLanes } from './lanes.ts';
import type { GoodRevision } from './pass.ts';

export interface PolicyPorts {
  readonly decisions: Decisions;
  readonly store: ProposalStore;
  readonly index: DecisionIndex;
  readonly journal: FleetJournal;
  readonly clock: Clock;
  /** The tip of the branch while it is in force, else null: nothing is decided by rules that are not. */
  readonly inForce: () => GoodRevision | null;
}

/** Bottles whose proposals are decided at the same time. */
const WIDTH = 4;
/** A rule that could not decide is tried again after this, or when the branch moved. */
const PATIENCE_MS = 30_000;

/**
 * Decides the proposals that a rule of the commit in force decides, as an operator called `policy/<file>#<n>` would. What
 * a rule may not do, or could not, is left to an operator; an approval that had to be taken back is never tried again.
 */
export class PolicyDecisions {
  readonly #ports: PolicyPorts;
  readonly #lanes = createLanes(WIDTH);
  readonly #tried = new Map<ProposalId, { readonly tip: Revision; readonly untilMs: number }>();
  #round: Promise<void> | null = null;
  #isAskedAgain = false;

  constructor(ports: PolicyPorts) {
    this.#ports = ports;
  }

  /** Begins a round; while one is under way it is followed by one more. */
  begin(): void {
    this.#isAskedAgain = this.#round !== null;
    if (this.#round !== null) return;
    this.#round = this.#decideAll()
      .catch((error: unknown) => this.#tell(error))
      // A journal that cannot be written is told by the passes; what was not decided is tried again.
      .catch(() => undefined)
      .finally(() => {
        this.#round = null;
        if (this.#isAskedAgain) this.begin();
      });
  }

  /** Resolves when no round is under way. */
  async settled(): Promise<void> {
    while (this.#round !== null) await this.#round;
  }

  async #decideAll(): Promise<void> {
    const good = this.#ports.inForce();
    if (good === null || good.desired.policies.length === 0 || good.desired.fleet.suspend) return;
    const records = await this.#ports.store.pending();
    const ids = new Set(records.map(({ proposal }) => proposal.id));
    for (const id of this.#tried.keys()) if (!ids.has(id)) this.#tried.delete(id);
    const waiting = records.filter(({ withdrawn }) => !withdrawn);
    const decided = await Promise.allSettled(
      waiting.map(({ proposal }) => this.#lanes.run(() => this.#decide(proposal, good))),
    );
    const failed = decided.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #decide(proposal: Proposal, { revision, desired }: GoodRevision): Promise<void> {
    const { clock, index } = this.#ports;
    const rule = ruleFor(proposal.request, desired.policies);
    if (rule === null || rule.does.kind === 'ask') return;
    const tried = this.#tried.get(proposal.id);
    const nowMs = clock.elapsedMs();
    if (tried !== undefined && tried.tip === revision && nowMs < tried.untilMs) return;
    if (await index.wasReverted(proposal.id, revision)) return;
    this.#tried.set(proposal.id, { tip: revision, untilMs: nowMs + PATIENCE_MS });
    await this.#by(rule, proposal);
  }

  #by(rule: PolicyRule, proposal: Proposal): Promise<Answer<Decision>> {
    const { decisions, clock } = this.#ports;
    const { id } = proposal;
    const operator = policyOperator(rule);
    const { does } = rule;
    switch (does.kind) {
      case 'approve': {
        const endMs = does.expiresAfterMs === null ? null : clock.nowMs() + does.expiresAfterMs;
        const ends = endMs === null ? {} : { expires: wholeSecond(endMs) };
        return decisions.approve({ id, operator, ...ends });
      }
      case 'reject':
        return decisions.reject({ id, operator, reason: does.reason });
      case 'ask':
        return Promise.resolve({ ok: false, refusal: NOBODY });
    }
  }

  #tell(error: unknown): Promise<void> {
    return this.#ports.journal.record({
      severity: 'error',
      bottle: null,
      reason: 'PoliciesFailed',
      message: error instanceof Error ? error.message : String(error),
      revision: null,
    });
  }
}

const NOBODY = {
  kind: 'conflict',
  message: 'an operator decides',
  hint: null,
  diagnostics: [],
} as const;

function wholeSecond(atMs: number): string {
  return new Date(Math.ceil(atMs / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
}
