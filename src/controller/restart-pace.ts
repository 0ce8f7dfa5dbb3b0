import type { PlannedAction } from '../model/action.ts';
import type { BottleName } from '../model/names.ts';
import { nextDelayMs } from './backoff.ts';
import type { Setback } from './fleet-memory.ts';
import { observedContainers } from './observed-places.ts';
import type { PassResult } from './pass.ts';

interface Restarted {
  readonly desiredHash: string;
  /** Restarts in a row, each soon after the one before. */
  readonly count: number;
  readonly atMs: number;
  readonly notBeforeMs: number;
}

/** After so many restarts in a row only a person is likely to help. */
const HOPELESS_AFTER = 5;
/** What ran this long did not die of its start. */
const SURVIVED_MS = 10 * 60_000;

/**
 * Spaces the restarts of what ends by itself again and again. A turn that starts it succeeds each time, so the backoff
 * of failures does not see it; without this, it would be a loop as fast as the engine.
 */
export class RestartPace {
  readonly #restarts = new Map<BottleName, Restarted>();

  /** A person asked: the next restart is the first one. */
  forget(): void {
    this.#restarts.clear();
  }

  /** Null when these actions may run now, and then counts them; else what the bottle has to wait for. */
  hold(
    bottle: BottleName,
    actions: readonly PlannedAction[],
    result: PassResult,
    now: { readonly desiredHash: string; readonly ms: number; readonly spread: number },
  ): Setback | null {
    const reason = restartReason(bottle, actions, result);
    if (reason === null) return null;
    const { desiredHash } = now;
    const last = this.#restarts.get(bottle);
    const isFirst =
      last === undefined ||
      last.desiredHash !== desiredHash ||
      now.ms - last.atMs >= Math.max(SURVIVED_MS, last.notBeforeMs - last.atMs);
    if (!isFirst && now.ms < last.notBeforeMs) {
      const times = last.count === 1 ? 'once' : `${last.count} times`;
      const message = `${reason} soon after it was started again (${times}); see bb logs ${bottle} agent`;
      const failure = { kind: 'transient', message, hint: null } as const;
      const isHopeless = last.count >= HOPELESS_AFTER;
      return {
        failure,
        attempts: last.count,
        notBeforeMs: last.notBeforeMs,
        desiredHash,
        isHopeless,
      };
    }
    const count = isFirst ? 1 : last.count + 1;
    const notBeforeMs = now.ms + nextDelayMs(count, now.spread);
    this.#restarts.set(bottle, { desiredHash, count, atMs: now.ms, notBeforeMs });
    return null;
  }
}

/** Why a container that ended is started as it is; null when none is. */
function restartReason(
  bottle: BottleName,
  actions: readonly PlannedAction[],
  result: PassResult,
): string | null {
  const removed = new Set(
    actions.flatMap(({ action }) => (action.kind === 'remove' ? [action.component] : [])),
  );
  const ended = observedContainers(bottle, result.observed)
    .filter(({ state, component }) => state === 'exited' && !removed.has(component))
    .map(({ component }) => component);
  const restart = actions.find(
    ({ action }) => action.kind === 'start' && ended.includes(action.component),
  );
  return restart?.reason ?? null;
}
