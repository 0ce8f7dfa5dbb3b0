import { removeAbandonedFiles } from './adapters/abandoned-files.ts';
import { createFleetLock } from './adapters/fleet-lock.ts';
import { MemoryAtRest } from './adapters/memory-at-rest.ts';
import { systemClock } from './adapters/system-clock.ts';
import { systemRandom } from './adapters/system-random.ts';
import type { Answer, ControllerApi, ControllerOptions, Refusal } from './api.ts';
import { type Assembled, assemble } from './assemble.ts';
import { connectControllerApi } from './control-socket/client.ts';
import { serveControllerApi } from './control-socket/server.ts';
import { controlSocketPath } from './control-socket/socket-path.ts';
import { createController } from './controller.ts';
import { lockedForChanges } from './locked-for-changes.ts';
import type { FleetLock, LockHolder, LockOutcome } from './ports/fleet-lock.ts';
import { type Tell, watchFleet } from './watch-loop.ts';

const ANSWERS_WITHIN_MS = 5_000;
const RETRY_MS = 50;

/**
 * The running controller's client, or a controller in this process when none runs: the callers cannot tell. The one in
 * this process takes the fleet's lock only while it changes something.
 */
export async function openController(options: ControllerOptions): Promise<Answer<ControllerApi>> {
  const assembled = await assemble(options);
  if (!assembled.ok) return assembled;
  const lock = lockOf(assembled.value, null, 'a bb command');
  const holder = await lock.holder();
  if (holder !== null && holder.socket !== null) return connectTo(holder, lock);
  const ended = new AbortController();
  const { ports, hints } = assembled.value;
  ports.files.watch((bottle) => hints.tell(bottle), ended.signal);
  const api = controllerOf(assembled.value, null, async () => ended.abort());
  return {
    ok: true,
    value: lockedForChanges(api, {
      lock,
      clock: systemClock,
      connect: (found) => connectTo(found, lock),
      onHeld: async ({ takenOver }) => {
        assembled.value.reconciler.forget();
        await clearUp(assembled.value, takenOver);
      },
    }),
  };
}

/** The client of a running controller. One that just took the lock may need a moment until it answers. */
async function connectTo(holder: LockHolder, lock: FleetLock): Promise<Answer<ControllerApi>> {
  const deadlineMs = systemClock.elapsedMs() + ANSWERS_WITHIN_MS;
  for (let found: LockHolder | null = holder; found !== null; found = await lock.holder()) {
    const { socket } = found;
    const client = socket === null ? null : await connectControllerApi(socket).catch(() => null);
    if (client !== null) return { ok: true, value: client };
    if (systemClock.elapsedMs() >= deadlineMs) break;
    await systemClock.sleep(RETRY_MS);
  }
  return { ok: false, refusal: silent(holder) };
}

/**
 * Runs the loop until `signal` aborts: holds the lock, serves the socket, follows everything. Bottles outlive it.
 * Resolves with the process's exit code.
 */
export async function runController(
  options: ControllerOptions,
  signal: AbortSignal,
  onLine: Tell,
): Promise<number> {
  const assembled = await assemble(options);
  if (!assembled.ok) return fail(assembled.refusal, onLine);
  const { fleet, stateDirectory, ports, hints, reconciler, unattended, diskWatch } =
    assembled.value;
  const socket = await controlSocketPath(stateDirectory, options.environment);
  const lock = await acquirePatiently(lockOf(assembled.value, socket, 'bb controller'), signal);
  if (lock.kind === 'taken') return fail(lockedBy(lock.holder), onLine);
  try {
    await clearUp(assembled.value, lock.takenOver);
    const api = controllerOf(assembled.value, process.pid, async () => undefined);
    using memory = new MemoryAtRest();
    await using _served = await serveControllerApi(api, socket);
    onLine(`following ${ports.git.branch} of ${ports.git.repository} as fleet ${fleet}`, 'info');
    const stopTelling = reconciler.onProgress((progress) => {
      if (progress.kind === 'action' && progress.state !== 'started') {
        const detail = progress.detail === null ? '' : `: ${progress.detail}`;
        const severity = progress.state === 'failed' ? 'error' : 'info';
        onLine(`${progress.bottle} ${progress.text} ${progress.state}${detail}`, severity);
      }
    });
    await watchFleet(
      {
        ...ports,
        hints,
        random: systemRandom,
        reconciler,
        unattended,
        diskWatch,
        onLine,
        onLooked: () => memory.worked(),
        isOwner: lock.isOurs,
      },
      fleet,
      signal,
    );
    stopTelling();
    if (!signal.aborted) return fail(ownerless(stateDirectory), onLine);
    onLine('controller ended; bottles keep running', 'info');
    return 0;
  } finally {
    await lock.release();
  }
}

/** Removes and finishes what processes left that died; only for whoever holds the lock. */
async function clearUp(
  { stateDirectory, ports, proposals }: Assembled,
  takenOver: boolean,
): Promise<void> {
  await removeAbandonedFiles(stateDirectory, { everywhere: takenOver });
  if (!takenOver) return;
  await ports.git.catchUp();
  await proposals.tidy();
}

/** Waits for a command that is making its one pass; another controller is told of at once. */
async function acquirePatiently(lock: FleetLock, signal: AbortSignal): Promise<LockOutcome> {
  for (;;) {
    const outcome = await lock.acquire();
    const isPassing = outcome.kind === 'taken' && outcome.holder.socket === null;
    if (!isPassing || signal.aborted) return outcome;
    await systemClock.sleep(RETRY_MS, signal).catch(() => undefined);
  }
}

function controllerOf(
  assembled: Assembled,
  controllerPid: number | null,
  close: () => Promise<void>,
): ControllerApi {
  const { ports, reconciler, decisions, unattended, proposals, journal } = assembled;
  return createController({
    pass: ports,
    random: systemRandom,
    reconciler,
    decisions,
    unattended,
    proposals,
    journal,
    controllerPid,
    close,
  });
}

function lockOf(assembled: Assembled, socket: string | null, command: string) {
  return createFleetLock({
    stateDirectory: assembled.stateDirectory,
    socket,
    command,
    now: () => new Date(systemClock.nowMs()).toISOString(),
  });
}

function silent(holder: LockHolder): Refusal {
  return {
    kind: 'locked',
    message: `${holder.command} (pid ${holder.pid}) holds this fleet and does not answer`,
    hint: 'see what it does, or end it: bottles keep running',
    diagnostics: [],
  };
}

/** Why a second controller does not start. */
export function lockedBy(holder: LockHolder): Refusal {
  return {
    kind: 'locked',
    message: `${holder.command} (pid ${holder.pid}, since ${holder.since}) holds this fleet`,
    hint: 'one controller a fleet: use that one, or end it',
    diagnostics: [],
  };
}

/** Why a controller ends by itself. */
function ownerless(stateDirectory: string): Refusal {
  return {
    kind: 'locked',
    message: `the lock of this controller in ${stateDirectory} is gone: somebody deleted it`,
    hint: 'start the controller again: it finds the bottles that run',
    diagnostics: [],
  };
}

function fail(refusal: Refusal, onLine: Tell): number {
  onLine(`error: ${refusal.message}`, 'error');
  for (const { file, line, column, message } of refusal.diagnostics) {
    onLine(`  ${file}:${line}:${column} ${message}`, 'error');
  }
  if (refusal.hint !== null) onLine(`  ${refusal.hint}`, 'error');
  return refusal.kind === 'invalid' || refusal.kind === 'host-config' ? 2 : 1;
}
