import type { Clock } from '../model/clock.ts';
import type { Answer, ControllerApi, Refusal } from './api.ts';
import type { FleetLock, LockHolder } from './ports/fleet-lock.ts';

/** Two commands at once are ordinary: the second one waits this long for the first. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 100;

/** `api` with the fleet's lock held around every call that changes something; what only looks needs none. */
export function lockedForChanges(api: ControllerApi, lock: FleetLock, clock: Clock): ControllerApi {
  const locked = async <Value>(
    change: () => Promise<Answer<Value>>,
    signal?: AbortSignal,
  ): Promise<Answer<Value>> => {
    const deadlineMs = clock.nowMs() + PATIENCE_MS;
    for (;;) {
      const outcome = await lock.acquire();
      if (outcome.kind === 'held') {
        try {
          return await change();
        } finally {
          await outcome.release();
        }
      }
      // A controller that came up meanwhile will not let go.
      const isOver = outcome.holder.socket !== null || clock.nowMs() >= deadlineMs;
      if (isOver || signal?.aborted === true) return { ok: false, refusal: taken(outcome.holder) };
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  };
  return {
    ...api,
    reconcile: (options, onProgress, signal) =>
      locked(() => api.reconcile(options, onProgress, signal), signal),
    approve: (request, onProgress) => locked(() => api.approve(request, onProgress)),
    reject: (request) => locked(() => api.reject(request)),
    edit: (edit, operator, onProgress) => locked(() => api.edit(edit, operator, onProgress)),
    removeLeftovers: (leftovers) => locked(() => api.removeLeftovers(leftovers)),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

function taken(holder: LockHolder): Refusal {
  return {
    kind: 'locked',
    message: `${holder.command} (pid ${holder.pid}, since ${holder.since}) is changing this fleet`,
    hint: 'try again when it is done',
    diagnostics: [],
  };
}
