import type { Clock, Random } from '../model/clock.ts';
import type { BottleName } from '../model/names.ts';
import type { AppliedRecord } from '../reconcilers/plan-context.ts';
import { nextDelayMs } from './backoff.ts';
import { desiredHash } from './desired-hash.ts';
import type { Failure } from './failure.ts';
import {
  type BottleMemory,
  failuresInARow,
  forgiven,
  NO_MEMORY,
  nextRetryMs,
  rememberFailure,
  seeDesired,
} from './fleet-memory.ts';
import type { PassResult } from './pass.ts';

/** How the last turns of each bottle went. */
export class BottleMemories {
  readonly #ports: { readonly clock: Clock; readonly random: Random };
  readonly #byBottle = new Map<BottleName, BottleMemory>();

  constructor(ports: { readonly clock: Clock; readonly random: Random }) {
    this.#ports = ports;
  }

  get all(): ReadonlyMap<BottleName, BottleMemory> {
    return this.#byBottle;
  }

  of(bottle: BottleName): BottleMemory {
    return this.#byBottle.get(bottle) ?? NO_MEMORY;
  }

  remember(bottle: BottleName, memory: BottleMemory): void {
    this.#byBottle.set(bottle, memory);
  }

  forget(bottle: BottleName): void {
    this.#byBottle.delete(bottle);
  }

  /** Takes over what was written down of each bottle: all of it, so what is not in it was not in force. */
  recall(applied: { readonly [bottle: BottleName]: AppliedRecord }): void {
    const names = new Set([...this.#byBottle.keys(), ...(Object.keys(applied) as BottleName[])]);
    for (const bottle of names) {
      this.remember(bottle, { ...this.of(bottle), applied: applied[bottle] ?? null });
    }
  }

  applied(): { readonly [bottle: BottleName]: AppliedRecord } {
    const applied: { [bottle: BottleName]: AppliedRecord } = {};
    for (const [bottle, memory] of this.#byBottle) {
      if (memory.applied !== null) applied[bottle] = memory.applied;
    }
    return applied;
  }

  /** Earliest moment of `Clock.elapsedMs` at which a failed bottle that is not at work may be tried again. */
  nextRetryMs(isAtWork: (bottle: BottleName) => boolean): number | null {
    return nextRetryMs([...this.#byBottle].filter(([bottle]) => !isAtWork(bottle)));
  }

  /** A person asked: what failed may be tried at once, also what only a person could mend. */
  forgive(): void {
    for (const [bottle, memory] of this.#byBottle) this.remember(bottle, forgiven(memory));
  }

  /** A new spec forgives; so does a plan that has nothing to do. What nothing speaks of any more is forgotten. */
  see(
    { plan, desired }: PassResult,
    isAtWork: (bottle: BottleName) => boolean,
    hasActions: (bottle: BottleName) => boolean,
  ): void {
    const planned = new Set(plan.bottles.map(({ bottle }) => bottle));
    for (const bottle of this.#byBottle.keys()) {
      if (!planned.has(bottle) && !isAtWork(bottle)) this.forget(bottle);
    }
    for (const bottle of planned) {
      const seen =
        desired.bottles[bottle] === undefined
          ? this.of(bottle)
          : seeDesired(this.of(bottle), desiredHash(desired, bottle));
      const isIdle = !hasActions(bottle) && !isAtWork(bottle);
      this.remember(bottle, isIdle ? forgiven(seen) : seen);
    }
  }

  /** Keeps a failed turn, with when it may be tried again. */
  fail(bottle: BottleName, failure: Failure, { desired, revision }: PassResult): void {
    const { clock, random } = this.#ports;
    const memory = this.of(bottle);
    const hash = desiredHash(desired, bottle);
    const attempts = failuresInARow(memory, hash) + 1;
    const delayMs = failure.kind === 'terminal' ? null : nextDelayMs(attempts, random.next());
    const turn = { failure, revision, desiredHash: hash, elapsedMs: clock.elapsedMs(), delayMs };
    this.remember(bottle, rememberFailure(memory, turn));
  }
}
