import type { ProposalId } from '../model/names.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { Answer, Decision, Refusal } from './api.ts';
import type { DecisionHolder, HolderPorts } from './decision-holder.ts';
import type { DecisionTurns } from './decision-turns.ts';
import type { HeldDecision } from './ports/held-decisions.ts';

export interface ResumePorts extends HolderPorts {
  readonly holder: DecisionHolder;
  readonly turns: Pick<DecisionTurns, 'isAtWork'>;
  readonly resume: (held: HeldDecision) => Promise<Answer<Decision>>;
}

/**
 * Takes up the decisions that are written down and not known to be in the remote, in the order in which they were made
 * and together, so that they are pushed at once. One that no longer fits what its operator agreed to is let go and
 * told; its proposal waits again. What they bring about may take as long as an image, and holds nobody else up.
 */
export class ResumedDecisions {
  readonly #ports: ResumePorts;
  readonly #underWay = new Map<ProposalId, Promise<void>>();

  constructor(ports: ResumePorts) {
    this.#ports = ports;
  }

  /** True while a decision about this proposal that waited is being made. */
  isUnderWay(id: ProposalId): boolean {
    return this.#underWay.has(id);
  }

  /** Begins what waits and is not under way; resolves when it is begun. */
  async begin(): Promise<void> {
    const { git, held, turns } = this.#ports;
    const remote = git.remote();
    if (remote === null || remote.unreachable !== null) return;
    const all = await held.all();
    const waiting = all.filter(
      ({ id, bottle }) => !this.#underWay.has(id) && !turns.isAtWork(bottle),
    );
    for (const decision of waiting) this.#take(decision);
  }

  /** Resolves when none is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values());
  }

  #take(decision: HeldDecision): void {
    const taken = this.#resume(decision)
      .catch((error: unknown) => this.#tell(decision, error))
      // A journal that cannot be written is told by the passes; the decision is still written down.
      .catch(() => undefined)
      .finally(() => this.#underWay.delete(decision.id));
    this.#underWay.set(decision.id, taken);
  }

  async #resume(decision: HeldDecision): Promise<void> {
    const outcome = await this.#ports.resume(decision);
    if (outcome.ok || outcome.refusal.kind === 'remote') return;
    await this.#letGo(decision, outcome.refusal);
  }

  async #letGo(decision: HeldDecision, refusal: Refusal): Promise<void> {
    const { held, store, journal, holder } = this.#ports;
    const { id, bottle, at } = decision;
    const now = await held.find(id);
    // Another decision took its place meanwhile.
    if (now !== null && now.at !== at) return;
    await holder.release(decision);
    const isAnswered = ((await store.read(id))?.response ?? null) !== null;
    // An approval that was committed and could not be put in force is told by its revert.
    if (isAnswered || refusal.kind === 'apply-failed') return;
    await journal.record({
      severity: 'warning',
      bottle,
      reason: 'DecisionNotMade',
      message: `${whatWasDecided(decision)} was not committed: ${refusal.message}`,
      revision: null,
    });
  }

  /** What nobody expects, such as a full disk: the next look takes it up again. */
  #tell(decision: HeldDecision, error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    return this.#ports.journal.record({
      severity: 'error',
      bottle: decision.bottle,
      reason: 'DecisionNotMade',
      message: `${whatWasDecided(decision)} still waits: ${message}`,
      revision: null,
    });
  }
}

function whatWasDecided({ id, request }: HeldDecision): string {
  return `what ${sanitizeLine(request.operator, 60)} decided about proposal ${id} while the remote was away`;
}
