import type { Plan, PlannedAction } from '../model/action.ts';
import type { Random } from '../model/clock.ts';
import type { ImageBuild } from '../model/component.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { BottleName, Revision } from '../model/names.ts';
import type { AppliedRecord, PlanContext } from '../reconcilers/plan-context.ts';
import type { Progress, Refusal } from './api.ts';
import { nextDelayMs } from './backoff.ts';
import { isQuick, type TurnOutcome, takeTurn } from './bottle-turn.ts';
import { desiredHash } from './desired-hash.ts';
import { classifyFailure, type Failure } from './failure.ts';
import type { FleetJournal } from './fleet-journal.ts';
import {
  type BottleMemory,
  mustWait,
  NO_MEMORY,
  nextRetryMs,
  rememberApplied,
  rememberFailure,
  rememberReloaded,
  seeDesired,
} from './fleet-memory.ts';
import { createLanes } from './lanes.ts';
import { type PassPorts, type PassResult, planPass } from './pass.ts';
import type { ActionContext } from './perform-action.ts';
import { type GoodRevision, RevisionGate } from './revision-gate.ts';

export interface ReconcilerPorts extends PassPorts {
  readonly random: Random;
  readonly journal: FleetJournal;
  readonly imageBuilds: (result: PassResult) => ReadonlyMap<string, ImageBuild>;
  readonly performing: Pick<ActionContext, 'environment' | 'hints' | 'workspaces'>;
}

export interface PassOptions {
  /** Instead of the branch's tip. */
  readonly revision?: Revision;
  readonly permissions: PlanContext['permissions'];
}

export type PassReport =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | {
      readonly kind: 'passed';
      readonly result: PassResult;
      /** Bottles whose actions were started. */
      readonly started: readonly BottleName[];
    };

/** What the reconciler knows now; status is derived from it. */
export interface FleetSnapshot {
  readonly tip: Revision | null;
  /** Why the tip is not what is in force. */
  readonly refusal: Refusal | null;
  readonly tipDiagnostics: readonly Diagnostic[];
  readonly last: PassResult | null;
  readonly memories: ReadonlyMap<BottleName, BottleMemory>;
  readonly inFlight: ReadonlySet<BottleName>;
}

/** Bottles that are created or replaced at the same time; engines gain nothing from more. */
const PARALLEL_BOTTLES = 8;

/**
 * Turns commits into running bottles, one pass at a time: observe → plan → start each bottle's actions. A bottle that
 * is still at work is left alone by later passes, so a route change of one never waits for the image build of another.
 */
export class Reconciler {
  readonly #ports: ReconcilerPorts;
  readonly #gate: RevisionGate;
  readonly #lanes = createLanes(PARALLEL_BOTTLES);
  readonly #memories = new Map<BottleName, BottleMemory>();
  readonly #turns = new Map<BottleName, Promise<void>>();
  readonly #progress = new Set<(progress: Progress) => void>();
  readonly #changes = new Set<() => void>();
  readonly #turnEnds = new Set<(bottle: BottleName) => void>();
  #passing: Promise<unknown> = Promise.resolve();
  #last: PassResult | null = null;

  constructor(ports: ReconcilerPorts, applied: { readonly [bottle: BottleName]: AppliedRecord }) {
    this.#ports = ports;
    this.#gate = new RevisionGate({
      ...ports,
      appliedRevision: () => ports.journal.appliedRevision(),
    });
    for (const [bottle, record] of Object.entries(applied)) {
      this.#memories.set(bottle as BottleName, { ...NO_MEMORY, applied: record });
    }
  }

  /** Progress of every turn, until the returned function is called. */
  onProgress(listener: (progress: Progress) => void): () => void {
    this.#progress.add(listener);
    return () => this.#progress.delete(listener);
  }

  /** Called when something that status tells has changed. */
  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  /** Called when a bottle's turn ended: time to look whether it did what was wanted. */
  onTurnEnd(listener: (bottle: BottleName) => void): () => void {
    this.#turnEnds.add(listener);
    return () => this.#turnEnds.delete(listener);
  }

  snapshot(): FleetSnapshot {
    return {
      tip: this.#gate.tip,
      refusal: this.#gate.refusal,
      tipDiagnostics: this.#gate.diagnostics,
      last: this.#last,
      memories: this.#memories,
      inFlight: new Set(this.#turns.keys()),
    };
  }

  /** Resolves when no bottle is at work. */
  async settled(): Promise<void> {
    while (this.#turns.size > 0) await Promise.all(this.#turns.values());
  }

  /** Earliest instant at which a failed bottle may be tried again. */
  nextRetryMs(): number | null {
    return nextRetryMs(this.#memories);
  }

  /** What a pass would do. Starts nothing. */
  plan(options: PassOptions): Promise<PassReport> {
    return this.#exclusively(() => this.#plan(options));
  }

  /** What a pass over this desired state would do, committed or not. Remembers nothing of it. */
  planDesired(good: GoodRevision): Promise<Plan> {
    return this.#exclusively(async () => {
      const permissions = { allowMassDelete: false, applyNow: [] };
      return (await this.#planFor(good, permissions)).plan;
    });
  }

  /** One pass: plans, and starts what may start now. */
  pass(options: PassOptions): Promise<PassReport> {
    return this.#exclusively(async () => {
      const report = await this.#plan(options);
      if (report.kind === 'refused') return report;
      const { result } = report;
      if (result.plan.refused !== null) {
        const { reason, hint } = result.plan.refused;
        const refusal: Refusal = { kind: 'mass-deletion', message: reason, hint, diagnostics: [] };
        this.#announce();
        return { kind: 'refused', refusal };
      }
      const started = this.#startTurns(result);
      await this.#recordInForce(result);
      this.#announce();
      return { kind: 'passed', result, started };
    });
  }

  /** Passes read and write the same memory, so they go one after the other; none of them waits for a turn. */
  #exclusively<Value>(work: () => Promise<Value>): Promise<Value> {
    const run = this.#passing.then(work, work);
    this.#passing = run.catch(() => undefined);
    return run;
  }

  async #plan(options: PassOptions): Promise<PassReport> {
    const verdict = await this.#gate.judge(options.revision);
    if (verdict.kind === 'refused') {
      this.#announce();
      return verdict;
    }
    const result = await this.#planFor(verdict.good, options.permissions);
    this.#last = result;
    return { kind: 'passed', result, started: [] };
  }

  async #planFor(good: GoodRevision, permissions: PlanContext['permissions']): Promise<PassResult> {
    const applied: { [bottle: BottleName]: AppliedRecord } = {};
    for (const [bottle, memory] of this.#memories) {
      if (memory.applied !== null) applied[bottle] = memory.applied;
    }
    const inventory = await this.#ports.journal.inventory();
    return planPass(good, this.#ports, { inventory, applied }, permissions);
  }

  #startTurns(result: PassResult): readonly BottleName[] {
    const byBottle = Map.groupBy(result.plan.actions, (action) => action.bottle);
    const started: BottleName[] = [];
    for (const bottle of Object.keys(result.desired.bottles) as BottleName[]) {
      this.#memories.set(
        bottle,
        seeDesired(this.#memory(bottle), desiredHash(result.desired, bottle)),
      );
    }
    for (const [bottle, actions] of byBottle) {
      if (this.#turns.has(bottle)) continue;
      const hash = desiredHash(result.desired, bottle);
      if (mustWait(this.#memory(bottle), hash, this.#ports.clock.nowMs())) continue;
      started.push(bottle);
      const turn = this.#turn(bottle, actions, result, hash)
        .catch((error: unknown) => {
          // The journal could not be written: what happened is found again by observing.
          this.#rememberFailure(bottle, classifyFailure(error), result.revision, hash);
        })
        .finally(() => {
          this.#turns.delete(bottle);
          this.#announce();
          for (const listener of this.#turnEnds) listener(bottle);
        });
      this.#turns.set(bottle, turn);
    }
    return started;
  }

  async #turn(
    bottle: BottleName,
    actions: readonly PlannedAction[],
    result: PassResult,
    hash: string,
  ): Promise<void> {
    const { journal } = this.#ports;
    const outcome = await this.#takeTurn(bottle, actions, result).catch(
      (error: unknown): TurnOutcome => ({ kind: 'failed', failure: classifyFailure(error) }),
    );
    if (outcome.kind === 'failed') {
      this.#rememberFailure(bottle, outcome.failure, result.revision, hash);
    } else if (result.desired.bottles[bottle] === undefined) {
      this.#memories.delete(bottle);
      await journal.disown(bottle);
    } else {
      this.#rememberSuccess(bottle, result, hash);
    }
    await journal.turnEnded(bottle, result.revision, actions, outcome);
  }

  #rememberSuccess(bottle: BottleName, result: PassResult, hash: string): void {
    const { revision } = result;
    const plan = result.plan.bottles.find((candidate) => candidate.bottle === bottle);
    const withheld = plan?.verdict === 'withheld';
    const memory = this.#memory(bottle);
    this.#memories.set(
      bottle,
      withheld
        ? rememberReloaded(memory, revision)
        : rememberApplied(memory, appliedRecord(result, hash, plan?.backend ?? null)),
    );
  }

  #rememberFailure(bottle: BottleName, failure: Failure, revision: Revision, hash: string): void {
    const { clock, random } = this.#ports;
    const memory = this.#memory(bottle);
    const attempts = (memory.setback?.attempts ?? 0) + 1;
    const delayMs = failure.kind === 'terminal' ? null : nextDelayMs(attempts, random.next());
    const turn = { failure, revision, desiredHash: hash, nowMs: clock.nowMs(), delayMs };
    this.#memories.set(bottle, rememberFailure(memory, turn));
  }

  async #takeTurn(
    bottle: BottleName,
    actions: readonly PlannedAction[],
    result: PassResult,
  ): Promise<TurnOutcome> {
    const context: Omit<ActionContext, 'onLog'> = {
      ...this.#ports.performing,
      fleet: result.desired.fleet.name,
      bottle,
      desired: result.desired.bottles[bottle] ?? null,
      contents: result.desired.contents,
      host: result.context.host,
      backends: this.#ports.backends,
      builds: this.#ports.imageBuilds(result),
      files: this.#ports.files,
      secrets: this.#ports.secrets,
      clock: this.#ports.clock,
      former: new Map(),
    };
    const work = (): Promise<TurnOutcome> =>
      takeTurn(bottle, actions, context, (progress) => {
        for (const listener of this.#progress) listener(progress);
      });
    await this.#ports.journal.own(bottle);
    return isQuick(actions) ? work() : this.#lanes.run(work);
  }

  /** Bottles that need nothing are in force at this revision, whoever made them so. */
  async #recordInForce(result: PassResult): Promise<void> {
    for (const { bottle, verdict, backend } of result.plan.bottles) {
      if (verdict !== 'unchanged' || this.#turns.has(bottle)) continue;
      const applied = appliedRecord(result, desiredHash(result.desired, bottle), backend);
      this.#memories.set(bottle, rememberApplied(this.#memory(bottle), applied));
    }
    await this.#ports.journal.passEnded(result, this.#memories, this.#turns.size === 0);
  }

  #memory(bottle: BottleName): BottleMemory {
    return this.#memories.get(bottle) ?? NO_MEMORY;
  }

  #announce(): void {
    for (const listener of this.#changes) listener();
  }
}

function appliedRecord(
  { revision }: PassResult,
  specHash: string,
  backend: string | null,
): AppliedRecord {
  return { revision, specHash, ...(backend === null ? {} : { backend }) };
}
