import type { BottleName, Revision } from '../model/names.ts';
import type { AppliedRecord } from '../reconcilers/plan-context.ts';
import type { Failure } from './failure.ts';

/** A failure that a bottle's next turn must respect. */
export interface Setback {
  readonly failure: Failure;
  /** Failures in a row, for the backoff. */
  readonly attempts: number;
  /** Not before this moment of `Clock.elapsedMs`; null = only when the desired spec changes (terminal). */
  readonly notBeforeMs: number | null;
  /** Desired spec that failed: another one is tried at once. */
  readonly desiredHash: string;
  /** It is still tried, but so often in vain that a person has to look. */
  readonly isHopeless?: boolean;
}

/** What the controller remembers of one bottle. All of it can be lost: the next pass finds the truth again. */
export interface BottleMemory {
  /** Counts the changes of the desired spec. */
  readonly generation: number;
  readonly desiredHash: string | null;
  /** Generation that was last in force. */
  readonly observedGeneration: number;
  readonly lastAttemptedRevision: Revision | null;
  readonly applied: AppliedRecord | null;
  /** Revision whose reloadable tables the sidecars were last seen or made to enforce. */
  readonly enforcedRevision: Revision | null;
  readonly setback: Setback | null;
  /** True when a failed turn may have left files for the sidecars that are not what is in force. */
  readonly doubtful: boolean;
}

export const NO_MEMORY: BottleMemory = {
  generation: 0,
  desiredHash: null,
  observedGeneration: 0,
  lastAttemptedRevision: null,
  applied: null,
  enforcedRevision: null,
  setback: null,
  doubtful: false,
};

/** Memory after the desired spec was seen: a new spec is a new generation and forgives what failed before. */
export function seeDesired(memory: BottleMemory, desiredHash: string): BottleMemory {
  if (memory.desiredHash === desiredHash) return memory;
  return { ...memory, desiredHash, generation: memory.generation + 1, setback: null };
}

/** Memory after a turn that brought this spec in force. */
export function rememberApplied(memory: BottleMemory, applied: AppliedRecord): BottleMemory {
  return {
    ...memory,
    applied,
    enforcedRevision: applied.revision,
    lastAttemptedRevision: applied.revision,
    observedGeneration: memory.generation,
    setback: null,
    doubtful: false,
  };
}

/** Memory after a turn that did all it was allowed to, while a harder change is withheld. */
export function rememberReloaded(memory: BottleMemory, revision: Revision): BottleMemory {
  const attempted = { enforcedRevision: revision, lastAttemptedRevision: revision };
  return { ...memory, ...attempted, setback: null, doubtful: false };
}

/** Memory after a turn that failed. `delayMs` is null when only a change can help. */
export function rememberFailure(
  memory: BottleMemory,
  turn: {
    readonly failure: Failure;
    readonly revision: Revision;
    readonly desiredHash: string;
    readonly elapsedMs: number;
    readonly delayMs: number | null;
  },
): BottleMemory {
  return {
    ...memory,
    doubtful: true,
    lastAttemptedRevision: turn.revision,
    setback: {
      failure: turn.failure,
      attempts: failuresInARow(memory, turn.desiredHash) + 1,
      notBeforeMs: turn.delayMs === null ? null : turn.elapsedMs + turn.delayMs,
      desiredHash: turn.desiredHash,
    },
  };
}

/** How often this very spec failed since it last did not. */
export function failuresInARow({ setback }: BottleMemory, desiredHash: string): number {
  return setback?.desiredHash === desiredHash ? setback.attempts : 0;
}

/** Memory without what failed, so that the next plan is tried at once. */
export function forgiven(memory: BottleMemory): BottleMemory {
  return memory.setback === null ? memory : { ...memory, setback: null };
}

/** True while a bottle's actions must wait: the same spec failed, and its time has not come. */
export function mustWait(memory: BottleMemory, desiredHash: string, elapsedMs: number): boolean {
  const { setback } = memory;
  if (setback === null || setback.desiredHash !== desiredHash) return false;
  return setback.notBeforeMs === null || elapsedMs < setback.notBeforeMs;
}

/** Earliest moment of `Clock.elapsedMs` at which some bottle may be tried again, or null. */
export function nextRetryMs(
  memories: Iterable<readonly [BottleName, BottleMemory]>,
): number | null {
  let earliest: number | null = null;
  for (const [, { setback }] of memories) {
    const at = setback?.notBeforeMs ?? null;
    if (at !== null && (earliest === null || at < earliest)) earliest = at;
  }
  return earliest;
}
