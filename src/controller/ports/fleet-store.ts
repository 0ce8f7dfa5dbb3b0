import type { FleetEvent } from '../../model/event.ts';
import type { BottleName, Revision } from '../../model/names.ts';
import type { AppliedRecord } from '../../reconcilers/plan-context.ts';

/** One bottle's turn towards a commit: what the commit's note will tell of it. */
export interface RecordedTurn {
  readonly revision: Revision;
  readonly bottle: BottleName;
  readonly actions: number;
  /** Null while it goes on, and when its process died. */
  readonly result: string | null;
}

/** Why something could not be written, so that a person knows what to repair. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: 'read-only' | 'disk-full' | 'no-permission' | 'failed';
  readonly hint: string;

  constructor(options: {
    readonly kind: StoreError['kind'];
    readonly message: string;
    readonly hint: string;
    readonly cause: unknown;
  }) {
    super(options.message, { cause: options.cause });
    this.kind = options.kind;
    this.hint = options.hint;
  }
}

/**
 * What the controller writes down between passes. Nothing in it is the truth: a file that is lost or damaged reads as
 * empty, and git, engine labels and sidecar status fill it again. Writes throw `StoreError`.
 */
export interface FleetStore {
  /** Bottles that we made and did not yet see removed, in order. */
  readInventory(): Promise<readonly BottleName[]>;
  writeInventory(bottles: readonly BottleName[]): Promise<void>;
  readApplied(): Promise<{ readonly [bottle: BottleName]: AppliedRecord }>;
  writeApplied(applied: { readonly [bottle: BottleName]: AppliedRecord }): Promise<void>;
  /** Commit at which the whole fleet was last in force; null while there was none. */
  readAppliedRevision(): Promise<Revision | null>;
  writeAppliedRevision(revision: Revision): Promise<void>;
  /** Turns whose note is not written yet, as they were appended. */
  readTurns(): Promise<readonly RecordedTurn[]>;
  appendTurn(turn: RecordedTurn): Promise<void>;
  /** In place of all that were appended. */
  writeTurns(turns: readonly RecordedTurn[]): Promise<void>;
  appendEvent(event: FleetEvent): Promise<void>;
  /** Newest first, at most `limit`. */
  readEvents(limit: number): Promise<readonly FleetEvent[]>;
}
