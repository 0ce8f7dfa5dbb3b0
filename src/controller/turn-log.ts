import type { BottleName, Revision } from '../model/names.ts';
import type { FleetStore, RecordedTurn } from './ports/fleet-store.ts';

/** Of a bottle that keeps failing the newest ones are told. */
const KEPT_OF_A_BOTTLE = 20;
/** Lines that the log may have beyond twice what is kept. */
const SLACK = 100;

/**
 * The turns towards each commit until its note is written. It outlives the process, so that the note of a commit whose
 * process died tells what that one did too.
 */
export class TurnLog {
  readonly #store: FleetStore;
  #turns: Promise<readonly RecordedTurn[]> | null = null;
  #isRecalled = false;
  /** How many were appended since the log was written whole. */
  #lines = 0;

  constructor(store: FleetStore) {
    this.#store = store;
  }

  /** True while it has turns of a process that died: their note may have been written already. */
  get isRecalled(): boolean {
    return this.#isRecalled;
  }

  /** Reads everything anew: another process had the fleet in the meantime. */
  forget(): void {
    this.#turns = null;
  }

  started(bottle: BottleName, revision: Revision, actions: number): Promise<void> {
    return this.#record({ bottle, revision, actions, result: null });
  }

  ended(bottle: BottleName, revision: Revision, actions: number, result: string): Promise<void> {
    return this.#record({ bottle, revision, actions, result });
  }

  async towards(revision: Revision): Promise<readonly RecordedTurn[]> {
    return (await this.#recall()).filter((turn) => turn.revision === revision);
  }

  async clear(): Promise<void> {
    if ((await this.#recall()).length === 0) return;
    await this.#store.writeTurns([]);
    this.#turns = Promise.resolve([]);
    this.#lines = 0;
    this.#isRecalled = false;
  }

  async #record(turn: RecordedTurn): Promise<void> {
    this.#turns = this.#recall().then((turns) => withTurn(turns, turn));
    const kept = await this.#turns;
    this.#lines += 1;
    if (this.#lines <= 2 * kept.length + SLACK) return this.#store.appendTurn(turn);
    await this.#store.writeTurns(kept);
    this.#lines = kept.length;
  }

  #recall(): Promise<readonly RecordedTurn[]> {
    this.#turns ??= this.#store.readTurns().then((recorded) => {
      this.#isRecalled = recorded.length > 0;
      this.#lines = recorded.length;
      return recorded.reduce(withTurn, []);
    });
    return this.#turns;
  }
}

/** A bottle has one turn at a time: what goes on towards this commit has ended with this, or had died before it. */
function withTurn(turns: readonly RecordedTurn[], turn: RecordedTurn): readonly RecordedTurn[] {
  const others = turns.filter(
    ({ bottle, revision, result }) =>
      bottle !== turn.bottle || revision !== turn.revision || result !== null,
  );
  const ofBottle = others.filter(({ bottle }) => bottle === turn.bottle);
  const oldest = ofBottle.length < KEPT_OF_A_BOTTLE ? undefined : ofBottle[0];
  return [...others.filter((each) => each !== oldest), turn];
}
