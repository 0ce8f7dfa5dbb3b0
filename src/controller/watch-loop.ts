import type { Backend } from '../backends/backend.ts';
import type { Clock, Random } from '../model/clock.ts';
import type { FleetName } from '../model/names.ts';
import type { Git } from './ports/git.ts';
import type { SidecarFiles } from './ports/sidecar-files.ts';
import type { Reconciler } from './reconciler.ts';
import type { StatusHints } from './status-hints.ts';

export interface WatchPorts {
  readonly git: Git;
  readonly backends: readonly Backend[];
  readonly files: SidecarFiles;
  readonly hints: StatusHints;
  readonly clock: Clock;
  readonly random: Random;
  readonly reconciler: Reconciler;
  /** Looks at the queue after a pass: answers what is in force. */
  readonly afterPass: () => Promise<void>;
  readonly onLine: (line: string) => void;
}

/** What a lost event costs at most. */
const RESYNC_MS = 30_000;

/**
 * The loop: commits, engine events, sidecar status and time all only say *look now*; every look is the same pass.
 * Hints that come during a pass are merged into one more. Ends when `signal` aborts, leaving every bottle running.
 */
export async function watchFleet(
  ports: WatchPorts,
  fleet: FleetName | null,
  signal: AbortSignal,
): Promise<void> {
  const bell = createBell();
  await ports.git.watch(bell.ring, signal);
  ports.files.watch((bottle) => {
    ports.hints.tell(bottle);
    bell.ring();
  }, signal);
  if (fleet !== null) {
    for (const backend of ports.backends) backend.watch(fleet, bell.ring, signal);
  }
  const stopListening = ports.reconciler.onTurnEnd(bell.ring);
  signal.addEventListener('abort', bell.ring, { once: true });
  try {
    while (!signal.aborted) {
      bell.hush();
      await look(ports);
      await bell.rungWithin(ports.clock, untilNextLook(ports));
    }
  } finally {
    stopListening();
    await ports.reconciler.settled();
  }
}

async function look(ports: WatchPorts): Promise<void> {
  try {
    const permissions = { allowMassDelete: false, applyNow: [] };
    const report = await ports.reconciler.pass({ permissions });
    if (report.kind === 'refused') ports.onLine(report.refusal.message);
    await ports.afterPass();
  } catch (error) {
    // A pass that threw is a bug or a broken disk; the loop must outlive both.
    ports.onLine(`pass failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function untilNextLook(ports: WatchPorts): number {
  const resyncMs = RESYNC_MS * (0.9 + 0.2 * ports.random.next());
  const retryAtMs = ports.reconciler.nextRetryMs();
  return retryAtMs === null
    ? resyncMs
    : Math.max(0, Math.min(resyncMs, retryAtMs - ports.clock.nowMs()));
}

/** A bell that remembers having been rung, so that no hint falls between two waits. */
function createBell() {
  let rung = false;
  let wake: () => void = () => undefined;
  return {
    ring: (): void => {
      rung = true;
      wake();
    },
    hush: (): void => {
      rung = false;
    },
    async rungWithin(clock: Clock, ms: number): Promise<void> {
      if (rung) return;
      const cancelled = new AbortController();
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.race([woken, clock.sleep(ms, cancelled.signal).catch(() => undefined)]);
      cancelled.abort();
    },
  };
}
