import type { Clock } from '../model/clock.ts';
import type { Answer, ControllerApi, Refusal } from './api.ts';
import type { FleetLock, LockHolder } from './ports/fleet-lock.ts';

/** Two commands at once are ordinary: the second one waits this long for the first. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 100;

/**
 * `api` with the fleet's lock held around every call that changes something; what only looks needs none. When a
 * controller came up in the meantime the change is its to make: `connect` gives its client.
 */
export function lockedForChanges(
  api: ControllerApi,
  ports: {
    readonly lock: FleetLock;
    readonly clock: Clock;
    readonly connect: (holder: LockHolder) => Promise<Answer<ControllerApi>>;
    /** The lock is ours: whoever had it before may have written down something new, or died in the middle of it. */
    readonly onHeld: (lock: { readonly takenOver: boolean }) => Promise<void>;
  },
): ControllerApi {
  const { lock, clock, connect, onHeld } = ports;
  const locked = async <Value>(
    change: (owner: ControllerApi) => Promise<Answer<Value>>,
    signal?: AbortSignal,
  ): Promise<Answer<Value>> => {
    const deadlineMs = clock.elapsedMs() + PATIENCE_MS;
    for (;;) {
      const outcome = await lock.acquire();
      if (outcome.kind === 'held') {
        try {
          await onHeld(outcome);
          return await change(api);
        } finally {
          await outcome.release();
        }
      }
      if (outcome.holder.socket !== null) {
        const connected = await connect(outcome.holder);
        if (!connected.ok) return connected;
        await using controller = connected.value;
        return await change(controller);
      }
      const isOver = clock.elapsedMs() >= deadlineMs || signal?.aborted === true;
      if (isOver) return { ok: false, refusal: taken(outcome.holder) };
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  };
  return {
    ...api,
    reconcile: (options, onProgress, signal) =>
      locked((owner) => owner.reconcile(options, onProgress, signal), signal),
    approve: (request, onProgress) => locked((owner) => owner.approve(request, onProgress)),
    reject: (request) => locked((owner) => owner.reject(request)),
    edit: (edit, operator, onProgress) => locked((owner) => owner.edit(edit, operator, onProgress)),
    removeLeftovers: (leftovers) => locked((owner) => owner.removeLeftovers(leftovers)),
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
