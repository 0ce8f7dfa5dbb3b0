import type { PlannedAction } from '../model/action.ts';
import type { Clock, Random } from '../model/clock.ts';
import type { ImageBuild } from '../model/component.ts';
import type { BottleName } from '../model/names.ts';
import type { AppliedRecord } from '../reconcilers/plan-context.ts';
import type { Progress } from './api.ts';
import { BottleKeeper } from './bottle-keeper.ts';
import { BottleMemories } from './bottle-memories.ts';
import { isQuick, type TurnOutcome, takeTurn } from './bottle-turn.ts';
import { desiredHash } from './desired-hash.ts';
import { classifyFailure } from './failure.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { type BottleMemory, mustWait, rememberApplied, rememberReloaded } from './fleet-memory.ts';
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
  readonly #memories: BottleMemories;
  readonly #turns = new Map<BottleName, Promise<void>>();
  readonly #progress = new Set<(progress: Progress) => void>();
  readonly #ends = new Set<(bottle: BottleName) => void>();

  constructor(ports: TurnPorts) {
    this.#ports = ports;
    this.#memories = new BottleMemories(ports);
    this.#keeper = new BottleKeeper(ports);
  }

  get memories(): ReadonlyMap<BottleName, BottleMemory> {
    return this.#memories.all;
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

  recall(applied: { readonly [bottle: BottleName]: AppliedRecord }): void {
    this.#memories.recall(applied);
  }

  applied(): { readonly [bottle: BottleName]: AppliedRecord } {
    return this.#memories.applied();
  }

  /** Resolves when this bottle, or every one, is not at work. */
  async settled(bottle?: BottleName): Promise<void> {
    if (bottle !== undefined) return this.#turns.get(bottle);
    while (this.#turns.size > 0) await Promise.all(this.#turns.values());
  }

  /** See `BottleMemories.nextRetryMs`. */
  nextRetryMs(): number | null {
    return this.#memories.nextRetryMs((bottle) => this.#turns.has(bottle));
  }

  /** See `BottleMemories.forgive`. */
  forgive(): void {
    this.#pace.forget();
    this.#memories.forgive();
  }

  /**
   * Starts the turn of each bottle that needs one and may have it now; returns those. What was at work when the pass
   * looked may have been seen half done: it is left alone, though its turn has ended since.
   */
  start(result: PassResult, leftAlone: ReadonlySet<BottleName>): readonly BottleName[] {
    const byBottle = Map.groupBy(result.plan.actions, (action) => action.bottle);
    const isAtWork = (bottle: BottleName) => this.#turns.has(bottle) || leftAlone.has(bottle);
    this.#memories.see(result, isAtWork, (bottle) => byBottle.has(bottle));
    const started: BottleName[] = [];
    for (const [bottle, actions] of byBottle) {
      if (isAtWork(bottle)) continue;
      const hash = desiredHash(result.desired, bottle);
      if (mustWait(this.#memories.of(bottle), hash, this.#ports.clock.elapsedMs())) continue;
      if (this.#holdsBack(bottle, actions, result)) continue;
      started.push(bottle);
      const turn = this.#turn(bottle, actions, result)
        .catch((error: unknown) => {
          // The journal could not be written: what happened is found again by observing.
          this.#memories.fail(bottle, classifyFailure(error), result);
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
  async recordInForce(result: PassResult, leftAlone: ReadonlySet<BottleName>): Promise<void> {
    for (const { bottle, verdict, backend } of result.plan.bottles) {
      if (verdict !== 'unchanged' || this.#turns.has(bottle) || leftAlone.has(bottle)) continue;
      const memory = this.#memories.of(bottle);
      try {
        if (memory.doubtful) await this.#renderAgain(bottle, result);
        this.#memories.remember(
          bottle,
          rememberApplied(memory, appliedRecord(bottle, result, backend)),
        );
      } catch (error) {
        this.#memories.fail(bottle, classifyFailure(error), result);
      }
    }
    await this.#keeper.passEnded(result);
    await this.#ports.journal.passEnded(result, this.#memories.all, this.#turns.size === 0);
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
      this.#memories.fail(bottle, outcome.failure, result);
    } else if (result.desired.bottles[bottle] === undefined) {
      this.#memories.forget(bottle);
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
    this.#memories.remember(bottle, { ...this.#memories.of(bottle), setback });
    return true;
  }

  #succeed(bottle: BottleName, result: PassResult): void {
    const plan = result.plan.bottles.find((candidate) => candidate.bottle === bottle);
    // It was stopped, and nothing of the commit is in force by that.
    if (plan?.verdict === 'blocked') return;
    const memory = this.#memories.of(bottle);
    const record = appliedRecord(bottle, result, plan?.backend ?? null);
    this.#memories.remember(
      bottle,
      plan?.verdict === 'withheld'
        ? rememberReloaded(memory, record.revision)
        : rememberApplied(memory, record),
    );
  }

  async #takeTurn(
    bottle: BottleName,
    actions: readonly PlannedAction[],
    result: PassResult,
  ): Promise<TurnOutcome> {
    const { backends, files, records, secrets, clock, journal, imageBuilds, performing } =
      this.#ports;
    const context: Parameters<typeof takeTurn>[1] = {
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
