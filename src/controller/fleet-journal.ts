import type { PlannedAction } from '../model/action.ts';
import type { Clock } from '../model/clock.ts';
import type { FleetEvent } from '../model/event.ts';
import type { BottleName, Revision } from '../model/names.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import type { AppliedRecord } from '../reconcilers/plan-context.ts';
import { applicationLines, endsWithTurns } from './audit/application-note.ts';
import type { TurnOutcome } from './bottle-turn.ts';
import type { BottleMemory } from './fleet-memory.ts';
import type { PassResult } from './pass.ts';
import type { FleetStore, RecordedTurn } from './ports/fleet-store.ts';
import type { Git } from './ports/git.ts';
import { TurnLog } from './turn-log.ts';

/**
 * Writes down what happened: the inventory before anything is made, events as they come, what is in force after each
 * pass, and one note on each commit that was applied. Nothing is written when nothing changed.
 */
export class FleetJournal {
  readonly #store: FleetStore;
  readonly #git: Git;
  readonly #clock: Clock;
  readonly #turns: TurnLog;
  #inventory: ReadonlySet<BottleName> | null = null;
  #writtenApplied = '';
  #appliedRevision: Promise<Revision | null> | null = null;
  #changing: Promise<void> = Promise.resolve();

  constructor(ports: { readonly store: FleetStore; readonly git: Git; readonly clock: Clock }) {
    this.#store = ports.store;
    this.#turns = new TurnLog(ports.store);
    this.#git = ports.git;
    this.#clock = ports.clock;
  }

  /** Revision at which the whole fleet was last in force, whoever brought it there. */
  appliedRevision(): Promise<Revision | null> {
    this.#appliedRevision ??= this.#store.readAppliedRevision();
    return this.#appliedRevision;
  }

  /** What each bottle was last in force with. */
  applied(): Promise<{ readonly [bottle: BottleName]: AppliedRecord }> {
    return this.#store.readApplied();
  }

  /** Reads everything anew: another process had the fleet in the meantime. */
  forget(): void {
    this.#inventory = null;
    this.#appliedRevision = null;
    this.#writtenApplied = '';
    this.#turns.forget();
  }

  async inventory(): Promise<readonly BottleName[]> {
    return [...(await this.#owned())].sort();
  }

  /** Recorded before the first action, so that a crash in the middle leaves nothing unknown behind. */
  async own(bottle: BottleName): Promise<void> {
    await this.#changeInventory((owned) => new Set([...owned, bottle]));
  }

  async disown(bottle: BottleName): Promise<void> {
    await this.#changeInventory((owned) => new Set([...owned].filter((name) => name !== bottle)));
  }

  turnStarts(
    bottle: BottleName,
    revision: Revision,
    actions: readonly PlannedAction[],
  ): Promise<void> {
    return this.#turns.started(bottle, revision, actions.length);
  }

  async turnEnded(
    bottle: BottleName,
    revision: Revision,
    actions: readonly PlannedAction[],
    outcome: TurnOutcome,
  ): Promise<void> {
    const failed = outcome.kind === 'failed';
    const result = failed ? `failed: ${outcome.failure.message}` : 'done';
    await this.#turns.ended(bottle, revision, actions.length, result);
    const reasons = [...new Set(actions.map(({ reason }) => reason))];
    await this.record({
      severity: failed ? 'error' : 'info',
      bottle,
      reason: failed ? 'ApplyFailed' : 'Applied',
      message: failed ? outcome.failure.message : reasons.slice(0, 5).join('; '),
      revision,
    });
  }

  /** After a pass: `settled` tells that no bottle is at work, so that an applied commit can be told from a started one. */
  async passEnded(
    result: PassResult,
    memories: ReadonlyMap<BottleName, BottleMemory>,
    settled: boolean,
  ): Promise<void> {
    await this.#writeApplied(memories);
    const { revision } = result;
    if (!settled || !isInForce(result)) return;
    if ((await this.appliedRevision()) !== revision) {
      await this.#note(result, await this.#turns.towards(revision));
      await this.#store.writeAppliedRevision(revision);
      this.#appliedRevision = Promise.resolve(revision);
    }
    await this.#turns.clear();
  }

  async record(event: Omit<FleetEvent, 'at'>): Promise<void> {
    await this.#store.appendEvent({
      ...event,
      message: sanitizeLine(event.message),
      at: new Date(this.#clock.nowMs()).toISOString(),
    });
  }

  events(limit: number): Promise<readonly FleetEvent[]> {
    return this.#store.readEvents(limit);
  }

  /** A note that cannot be written is told and no more: the commit is in force without it. */
  async #note({ revision, desired }: PassResult, turns: readonly RecordedTurn[]): Promise<void> {
    if (turns.length === 0) return;
    const fleet = desired.fleet.name;
    const at = new Date(this.#clock.nowMs()).toISOString();
    try {
      // A process may have died between the note and all that comes after it.
      const isNoted =
        this.#turns.isRecalled && endsWithTurns(await this.#git.readNote(revision), fleet, turns);
      if (!isNoted) await this.#git.appendNote(revision, applicationLines({ fleet, at }, turns));
    } catch (error) {
      await this.record({
        severity: 'warning',
        bottle: null,
        reason: 'NoteFailed',
        message: error instanceof Error ? error.message : String(error),
        revision,
      });
    }
  }

  async #owned(): Promise<ReadonlySet<BottleName>> {
    this.#inventory ??= new Set(await this.#store.readInventory());
    return this.#inventory;
  }

  /** Changes follow each other, also those of bottles that start at once: none is computed on what was before. */
  #changeInventory(
    change: (owned: ReadonlySet<BottleName>) => ReadonlySet<BottleName>,
  ): Promise<void> {
    const changed = this.#changing.then(async () => {
      const before = await this.#owned();
      const after = change(before);
      if (after.size === before.size) return;
      await this.#store.writeInventory([...after].sort());
      this.#inventory = after;
    });
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  async #writeApplied(memories: ReadonlyMap<BottleName, BottleMemory>): Promise<void> {
    const applied: { [bottle: BottleName]: AppliedRecord } = {};
    for (const [bottle, memory] of memories) {
      if (memory.applied !== null) applied[bottle] = memory.applied;
    }
    const text = JSON.stringify(applied);
    if (text === this.#writtenApplied) return;
    await this.#store.writeApplied(applied);
    this.#writtenApplied = text;
  }
}

/** True when every bottle is as the commit asks: one that it suspends is, a fleet that it suspends is not. */
function isInForce({ plan, desired, isolated }: PassResult): boolean {
  return (
    isolated === undefined &&
    !desired.fleet.suspend &&
    plan.refused === null &&
    plan.bottles.every(({ verdict }) => verdict === 'unchanged' || verdict === 'suspended')
  );
}
