import type { TreeFile } from '../desired/tree-file.ts';
import type { Plan } from '../model/action.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { BottleName, Revision } from '../model/names.ts';
import type { PlanContext } from '../reconcilers/plan-context.ts';
import type { Progress, Refusal } from './api.ts';
import { BottleTurns, type TurnPorts } from './bottle-turns.ts';
import type { BottleMemory } from './fleet-memory.ts';
import { type GoodRevision, type PassPorts, type PassResult, planPass } from './pass.ts';
import { type Foreseen, RevisionGate } from './revision-gate.ts';

export interface ReconcilerPorts extends PassPorts, TurnPorts {
  /** Absent: a commit with an error is not applied at all. */
  readonly onInvalid?: 'reject' | 'isolate';
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
      /** Of the commit that was asked for, also while an older one serves. */
      readonly diagnostics: readonly Diagnostic[];
      /** Bottles whose actions were started. */
      readonly started: readonly BottleName[];
      /** Bottles that were at work when the pass began: it may have seen them half done, and left them alone. */
      readonly leftAlone: ReadonlySet<BottleName>;
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

/** No person stands behind the pass: nothing is permitted that needs one. */
export const NO_PERMISSIONS: PlanContext['permissions'] = { allowMassDelete: false, applyNow: [] };

/**
 * Turns commits into running bottles, one pass at a time: observe → plan → start each bottle's turn. A bottle that
 * is still at work is left alone by later passes, so a route change of one never waits for the image build of another.
 */
export class Reconciler {
  readonly #ports: ReconcilerPorts;
  readonly #gate: RevisionGate;
  readonly #turns: BottleTurns;
  readonly #changes = new Set<() => void>();
  #passing: Promise<unknown> = Promise.resolve();
  #last: PassResult | null = null;
  #hasRecalled = false;
  /** The commit of the newest pass. */
  #followed: Revision | null = null;

  constructor(ports: ReconcilerPorts) {
    this.#ports = ports;
    const { journal, onInvalid = 'reject' } = ports;
    this.#gate = new RevisionGate({
      ...ports,
      onInvalid,
      appliedRevision: () => journal.appliedRevision(),
      applied: () => journal.applied(),
    });
    this.#turns = new BottleTurns(ports);
    this.#turns.onEnd(() => this.#announce());
  }

  /** Progress of every turn, until the returned function is called. */
  onProgress(listener: (progress: Progress) => void): () => void {
    return this.#turns.onProgress(listener);
  }

  /** Called when something that status tells has changed. */
  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  /** Called when a bottle's turn ended: time to look whether it did what was wanted. */
  onTurnEnd(listener: (bottle: BottleName) => void): () => void {
    return this.#turns.onEnd(listener);
  }

  snapshot(): FleetSnapshot {
    return {
      tip: this.#gate.tip,
      refusal: this.#gate.refusal,
      tipDiagnostics: this.#gate.diagnostics,
      last: this.#last,
      memories: this.#turns.memories,
      inFlight: this.#turns.inFlight(),
    };
  }

  /** The tip of the branch while it is what passes work on, else null. */
  inForce(): GoodRevision | null {
    const { tip, refusal, last } = this.snapshot();
    return refusal === null && last !== null && last.revision === tip ? last : null;
  }

  /** Resolves when this bottle, or every one, is not at work. */
  settled(bottle?: BottleName): Promise<void> {
    return this.#turns.settled(bottle);
  }

  /** Earliest moment of `Clock.elapsedMs` at which a failed bottle may be tried again. */
  nextRetryMs(): number | null {
    return this.#turns.nextRetryMs();
  }

  /** A person asked: what failed may be tried at once, also what only a person could mend. */
  forgive(): void {
    this.#turns.forgive();
  }

  /** Another process had the fleet in the meantime: what was written down is read anew. */
  forget(): void {
    this.#ports.journal.forget();
    this.#hasRecalled = false;
    this.#followed = null;
  }

  /** What a pass would do. Starts nothing. */
  plan(options: PassOptions): Promise<PassReport> {
    return this.#exclusively(() => this.#plan(options));
  }

  /** What a commit on top of `revision` that gives these files would bring about. Remembers nothing of it. */
  foresee(revision: Revision, files: ReadonlyMap<string, TreeFile>): Promise<Foreseen> {
    return this.#gate.foresee(revision, files);
  }

  /** What a pass over this desired state would do, committed or not. Remembers nothing of it. */
  async planDesired(good: GoodRevision): Promise<Plan> {
    return (await this.lookAhead(good)).plan;
  }

  /** The same with all that the plan was made of. */
  lookAhead(good: GoodRevision, permissions = NO_PERMISSIONS): Promise<PassResult> {
    return this.#exclusively(() => this.#planFor(good, permissions));
  }

  /** One pass: plans, and starts what may start now. */
  pass(options: PassOptions): Promise<PassReport> {
    return this.#exclusively(async () => {
      const leftAlone = this.#turns.inFlight();
      const report = await this.#plan(options);
      if (report.kind === 'refused') return report;
      const { result } = report;
      this.#last = result;
      if (result.plan.refused !== null) {
        const { reason, hint } = result.plan.refused;
        const refusal: Refusal = { kind: 'mass-deletion', message: reason, hint, diagnostics: [] };
        this.#announce();
        return { kind: 'refused', refusal };
      }
      const started = this.#turns.start(result, leftAlone);
      await this.#turns.recordInForce(result, leftAlone);
      this.#announce();
      return { ...report, started, leftAlone };
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
    const { good, diagnostics } = verdict;
    if (options.revision === undefined) await this.#noticeRewrite(good.revision);
    const result = await this.#planFor(good, options.permissions);
    // A look at another commit says nothing about the fleet.
    if (options.revision === undefined) this.#last = result;
    return { kind: 'passed', result, diagnostics, started: [], leftAlone: new Set() };
  }

  /** Tells when what was in force is no longer in the branch's history; it is followed all the same. */
  async #noticeRewrite(revision: Revision): Promise<void> {
    const { git, journal } = this.#ports;
    const before = this.#followed ?? (await journal.appliedRevision());
    this.#followed = revision;
    if (before === null || before === revision || (await git.isAncestor(before, revision))) return;
    const [was, is] = [before.slice(0, 12), revision.slice(0, 12)];
    await journal.record({
      severity: 'warning',
      bottle: null,
      reason: 'SourceRewritten',
      message: `${git.branch} no longer holds commit ${was}, which was followed: its history was rewritten; ${is} is followed now`,
      revision,
    });
  }

  async #planFor(good: GoodRevision, permissions: PlanContext['permissions']): Promise<PassResult> {
    const { journal } = this.#ports;
    if (!this.#hasRecalled) this.#turns.recall(await journal.applied());
    this.#hasRecalled = true;
    const memory = { inventory: await journal.inventory(), applied: this.#turns.applied() };
    return planPass(good, this.#ports, memory, permissions);
  }

  #announce(): void {
    for (const listener of this.#changes) listener();
  }
}
