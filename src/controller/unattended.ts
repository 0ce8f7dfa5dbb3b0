import type { Decisions } from './decisions.ts';
import type { GrantExpiry } from './grant-expiry.ts';
import type { PolicyDecisions } from './policy-decisions.ts';

/** What is done without a person at every look at the fleet, beside its pass. */
export class Unattended {
  readonly #decisions: Decisions;
  readonly #policies: PolicyDecisions;
  readonly #expiry: GrantExpiry;

  constructor(parts: {
    readonly decisions: Decisions;
    readonly policies: PolicyDecisions;
    readonly expiry: GrantExpiry;
  }) {
    this.#decisions = parts.decisions;
    this.#policies = parts.policies;
    this.#expiry = parts.expiry;
  }

  /** Answers what is in force, ends grants whose end has come, and begins what rules decide. */
  async look(): Promise<void> {
    await this.#decisions.answerDecided();
    await this.#expiry.endDue();
    this.#policies.begin();
  }

  /** Commits what is due, for a pass that should see it. */
  endDue(): Promise<void> {
    return this.#expiry.endDue();
  }

  /** How long until there is something to do although nothing happened, or null. */
  untilDueMs(): number | null {
    return this.#expiry.untilNextEndMs();
  }

  /** Resolves when nothing of it is under way. */
  async settled(): Promise<void> {
    await Promise.all([this.#policies.settled(), this.#decisions.settled()]);
  }

  /** Lets the next process wait for what is committed and not in force yet. */
  end(): void {
    this.#decisions.end();
  }
}
