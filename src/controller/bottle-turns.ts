import type { PlannedAction } from '../model/action.ts';
import type { Clock, Random } from '../model/clock.ts';
import type { ImageBuild } from '../model/component.ts';
import type { BottleName } from '../model/names.ts';
import type { AppliedRecord } from '../reconcilers/plan-context.ts';
import type { Progress } from './api.ts';
import { nextDelayMs } from './backoff.ts';
import { BottleKeeper } from './bottle-keeper.ts';
import { isQuick, type TurnOutcome, takeTurn } from './bottle-turn.ts';
import { desiredHash } from './desired-hash.ts';
import { classifyFailure, type Failure } from './failure.ts';
import type { FleetJournal } from './fleet-journal.ts';
import {
  type BottleMemory,
  failuresInARow,
  forgiven,
  mustWait,
  NO_MEMORY,
  nextRetryMs,
  rememberApplied,
  rememberFailure,
  rememberReloaded,
  seeDesired,
} from './fleet-memory.ts';
import { createLanes } from './lanes.ts';
import type { PassPorts, PassResult } from './pass.ts';
import type { ActionContext } from './perform-action.ts';
import { RestartPace } from './restart-pace.ts';
import { sidecarInputs } from './sidecar-inputs.ts';

export interface TurnPorts extends Pick<PassPorts, 'backends' | 'files' | 'records' | 'secrets'> {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: FleetJournal;
  readonly imageBuilds: (result: PassResult) => ReadonlyMap<string, ImageBuild>;
  readonly performing: Pick<ActionContext, 'environment' | 'hints' | 'workspaces'>;
}

/** Bottles that are created or replaced at the same time; engines gain nothing from more. */
const PARALLEL_BOTTLES = 8;

/** What each bottle is doing and how its last turns went: one turn a bottle at a time, bottles beside each other. */
export class BottleTurns {
  readonly #ports: TurnPorts;
  readonly #keeper: BottleKeeper;
  readonly #pace = new RestartPace();
  readonly #lanes = createLanes(PARALLEL_BOTTLES);
  readonly #memories = new Map<BottleName, BottleMemory>();
  readonly #turns = new Map<BottleName, Promise<void>>();
  readonly #progress = new Set<(progress: Progress) => void>();
  readonly #ends = new Set<(bottle: BottleName) => void>();

  constructor(ports: TurnPorts) {
    this.#ports = ports;
    this.#keeper = new BottleKeeper(ports);
  }

  get memories(): ReadonlyMap<BottleName, BottleMemory> {
    return this.#memories;
  }

  inFlight(): ReadonlySet<BottleName> {
    return new Set(this.#turns.keys());
  }

  /** Progress of every turn, until the returned function is called. */
  onProgress(listener: (progress: Progress) => void): () => void {
    this.#progress.add(listener);
    return () => this.#progress.delete(listener);
  }

  /** Called when a bottle's turn ended, until the returned function is called. */
  onEnd(listener: (bottle: BottleName) => void): () => void {
    this.#ends.add(listener);
    return () => this.#ends.delete(listener);
  }

  /** Takes over what was written down of each bottle: all of it, so what is not in it was not in force. */
  recall(applied: { readonly [bottle: BottleName]: AppliedRecord }): void {
    const names = new Set([...this.#memories.keys(), ...(Object.keys(applied) as BottleName[])]);
    for (const bottle of names) {
      this.#remember(bottle, { ...this.#memory(bottle), applied: applied[bottle] ?? null });
    }
  }

  applied(): { readonly [bottle: BottleName]: AppliedRecord } {
    const applied: { [bottle: BottleName]: AppliedRecord } = {};
    for (const [bottle, memory] of this.#memories) {
      if (memory.applied !== null) applied[bottle] = memory.applied;
    }
    return applied;
  }

  /** Resolves when this bottle, or every one, is not at work. */
  async settled(bottle?: BottleName): Promise<void> {
    if (bottle !== undefined) return this.#turns.get(bottle);
    while (this.#turns.size > 0) await Promise.all(this.#turns.values());
  }

  /** Earliest moment of `Clock.elapsedMs` at which a failed bottle that is not at work may be tried again. */
  nextRetryMs(): number | null {
    return nextRetryMs([...this.#memories].filter(([bottle]) => !this.#turns.has(bottle)));
  }

  /** A person asked: what failed may be tried at once, also what only a person could mend. */
  forgive(): void {
    this.#pace.forget();
    for (const [bottle, memory] of this.#memories) this.#remember(bottle, forgiven(memory));
  }

  /** Starts the turn of each bottle that needs one and may have it now; returns those. */
  start(result: PassResult): readonly BottleName[] {
    const byBottle = Map.groupBy(result.plan.actions, (action) => action.bottle);
    this.#see(result, byBottle);
    const started: BottleName[] = [];
    for (const [bottle, actions] of byBottle) {
      if (this.#turns.has(bottle)) continue;
      const hash = desiredHash(result.desired, bottle);
      if (mustWait(this.#memory(bottle), hash, this.#ports.clock.elapsedMs())) continue;
      if (this.#holdsBack(bottle, actions, result)) continue;
      started.push(bottle);
      const turn = this.#turn(bottle, actions, result)
        .catch((error: unknown) => {
          // The journal could not be written: what happened is found again by observing.
          this.#fail(bottle, classifyFailure(error), result);
        })
        .finally(() => {
          this.#turns.delete(bottle);
          for (const listener of this.#ends) listener(bottle);
        });
      this.#turns.set(bottle, turn);
    }
    return started;
  }

  /** Bottles that need nothing are in force at this revision, whoever made them so. */
  async recordInForce(result: PassResult): Promise<void> {
    for (const { bottle, verdict, backend } of result.plan.bottles) {
      if (verdict !== 'unchanged' || this.#turns.has(bottle)) continue;
      const memory = this.#memory(bottle);
      try {
        if (memory.doubtful) await this.#renderAgain(bottle, result);
        this.#remember(bottle, rememberApplied(memory, appliedRecord(bottle, result, backend)));
      } catch (error) {
        this.#fail(bottle, classifyFailure(error), result);
      }
    }
    await this.#keeper.passEnded(result);
    await this.#ports.journal.passEnded(result, this.#memories, this.#turns.size === 0);
  }

  /** A new spec forgives; so does a plan that has nothing to do. What nothing speaks of any more is forgotten. */
  #see(result: PassResult, byBottle: ReadonlyMap<BottleName, unknown>): void {
    const planned = new Set(result.plan.bottles.map(({ bottle }) => bottle));
    for (const bottle of this.#memories.keys()) {
      if (!planned.has(bottle) && !this.#turns.has(bottle)) this.#memories.delete(bottle);
    }
    for (const bottle of planned) {
      const seen =
        result.desired.bottles[bottle] === undefined
          ? this.#memory(bottle)
          : seeDesired(this.#memory(bottle), desiredHash(result.desired, bottle));
      const isIdle = !byBottle.has(bottle) && !this.#turns.has(bottle);
      this.#remember(bottle, isIdle ? forgiven(seen) : seen);
    }
  }

  async #turn(
    bottle: BottleName,
    actions: readonly PlannedAction[],
    result: PassResult,
  ): Promise<void> {
    const { journal } = this.#ports;
    const outcome = await this.#takeTurn(bottle, actions, result).catch(
      (error: unknown): TurnOutcome => ({ kind: 'failed', failure: classifyFailure(error) }),
    );
    if (outcome.kind === 'failed') {
      this.#fail(bottle, outcome.failure, result);
    } else if (result.desired.bottles[bottle] === undefined) {
      this.#memories.delete(bottle);
      await journal.disown(bottle);
    } else {
      this.#succeed(bottle, result);
    }
    await journal.turnEnded(bottle, result.revision, actions, outcome);
    await this.#keeper.turnEnded(bottle, actions, result, outcome);
  }

  /** True, and remembered with its reason, when what ended is not to be started again yet. */
  #holdsBack(bottle: BottleName, actions: readonly PlannedAction[], result: PassResult): boolean {
    const { clock, random } = this.#ports;
    const desiredHashNow = desiredHash(result.desired, bottle);
    const now = { desiredHash: desiredHashNow, ms: clock.elapsedMs(), spread: random.next() };
    const setback = this.#pace.hold(bottle, actions, result, now);
    if (setback === null) return false;
    this.#remember(bottle, { ...this.#memory(bottle), setback });
    return true;
  }

  #succeed(bottle: BottleName, result: PassResult): void {
    const plan = result.plan.bottles.find((candidate) => candidate.bottle === bottle);
    const memory = this.#memory(bottle);
    const record = appliedRecord(bottle, result, plan?.backend ?? null);
    this.#remember(
      bottle,
      plan?.verdict === 'withheld'
        ? rememberReloaded(memory, record.revision)
        : rememberApplied(memory, record),
    );
  }

  #fail(bottle: BottleName, failure: Failure, { desired, revision }: PassResult): void {
    const { clock, random } = this.#ports;
    const memory = this.#memory(bottle);
    const hash = desiredHash(desired, bottle);
    const attempts = failuresInARow(memory, hash) + 1;
    const delayMs = failure.kind === 'terminal' ? null : nextDelayMs(attempts, random.next());
    const turn = { failure, revision, desiredHash: hash, elapsedMs: clock.elapsedMs(), delayMs };
    this.#remember(bottle, rememberFailure(memory, turn));
  }

  async #takeTurn(
    bottle: BottleName,
    actions: readonly PlannedAction[],
    result: PassResult,
  ): Promise<TurnOutcome> {
    const { backends, files, records, secrets, clock, journal, imageBuilds, performing } =
      this.#ports;
    const context: Omit<ActionContext, 'onLog'> = {
      ...performing,
      fleet: result.desired.fleet.name,
      bottle,
      desired: result.desired.bottles[bottle] ?? null,
      contents: result.desired.contents,
      host: result.context.host,
      backends,
      builds: imageBuilds(result),
      files,
      records,
      secrets,
      clock,
      former: new Map(),
      warn: (warning) =>
        journal.record({ severity: 'warning', bottle, ...warning, revision: result.revision }),
    };
    const of = result.plan.actions.length;
    const work = (): Promise<TurnOutcome> =>
      takeTurn({ bottle, actions, of }, context, (progress) => {
        for (const listener of this.#progress) listener(progress);
      });
    await journal.own(bottle);
    await journal.turnStarts(bottle, result.revision, actions);
    await this.#keeper.turnStarts(bottle, actions, result);
    return isQuick(actions) ? work() : this.#lanes.run(work);
  }

  /** Replaces files that a failed turn left behind and that no sidecar took: one that starts later must not. */
  async #renderAgain(bottle: BottleName, { desired, context }: PassResult): Promise<void> {
    const wanted = desired.bottles[bottle];
    if (wanted === undefined) return;
    const { files, secrets, clock } = this.#ports;
    await files.render(bottle, await sidecarInputs(wanted, context.host, clock.nowMs(), secrets));
  }

  #memory(bottle: BottleName): BottleMemory {
    return this.#memories.get(bottle) ?? NO_MEMORY;
  }

  #remember(bottle: BottleName, memory: BottleMemory): void {
    this.#memories.set(bottle, memory);
  }
}

function appliedRecord(
  bottle: BottleName,
  { revision, desired, isolated }: PassResult,
  backend: string | null,
): AppliedRecord {
  const specHash = desiredHash(desired, bottle);
  const at = isolated?.get(bottle)?.revision ?? revision;
  return { revision: at, specHash, ...(backend === null ? {} : { backend }) };
}
