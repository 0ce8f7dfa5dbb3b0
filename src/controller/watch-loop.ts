import type { Backend } from '../backends/backend.ts';
import type { Clock, Random } from '../model/clock.ts';
import type { FleetName } from '../model/names.ts';
import type { DiskWatch } from './disk-watch.ts';
import { createLooks } from './looks.ts';
import type { Git } from './ports/git.ts';
import type { SidecarFiles } from './ports/sidecar-files.ts';
import { NO_PERMISSIONS, type Reconciler } from './reconciler.ts';
import type { StatusHints } from './status-hints.ts';
import type { Unattended } from './unattended.ts';
import { createWorkQueue, type WorkOutcome } from './work-queue.ts';

/** Takes a line for people; an `error` is one that a person has to act on. */
export type Tell = (line: string, severity: 'info' | 'error') => void;

export interface WatchPorts {
  readonly git: Git;
  readonly backends: readonly Backend[];
  readonly files: SidecarFiles;
  readonly hints: StatusHints;
  readonly clock: Clock;
  readonly random: Random;
  readonly reconciler: Reconciler;
  /** What is measured beside the looks; absent = nothing. */
  readonly diskWatch?: Pick<DiskWatch, 'run'>;
  /** What a look owes besides its pass. */
  readonly unattended: Unattended;
  readonly onLine: Tell;
  /** Told after every look, also after one that failed. */
  readonly onLooked: () => void;
  /** Asked before each pass: false ends the loop, for another one may have the fleet by now. */
  readonly isOwner: () => Promise<boolean>;
}

/** What a lost event costs at most. */
const RESYNC_MS = 30_000;

/**
 * The loop: commits, engine events, sidecar status, ended turns and time all only say *look now*; every look is the same
 * pass. Hints that come during a pass are merged into one more. Ends when `signal` aborts, or the fleet is no longer
 * ours, with every bottle running.
 */
export async function watchFleet(
  ports: WatchPorts,
  fleet: FleetName,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, reconciler } = ports;
  const lost = new AbortController();
  const ended = AbortSignal.any([signal, lost.signal]);
  const work = () => look(ports, () => lost.abort());
  const queue = createWorkQueue<FleetName>({ work, clock, random });
  const looks = createLooks(() => queue.add(fleet), clock);
  // What a bottle at work makes happen is looked at when its turn ends.
  const lookAt = (bottle: string | null): void => {
    const atWork: ReadonlySet<string> = reconciler.snapshot().inFlight;
    if (bottle !== null && atWork.has(bottle)) looks.soon();
    else looks.now();
  };
  await ports.git.watch(looks.now, ended);
  ports.files.watch((bottle) => {
    ports.hints.tell(bottle);
    lookAt(bottle);
  }, ended);
  for (const backend of ports.backends) {
    backend.watch(fleet, ({ bottle }) => lookAt(bottle), ended);
  }
  const stopListening = reconciler.onTurnEnd(looks.now);
  looks.now();
  const measuring = ports.diskWatch?.run(ended, looks.now);
  await aborted(ended);
  stopListening();
  looks.end();
  ports.unattended.end();
  await queue.close();
  await measuring;
  await ports.unattended.settled();
  await reconciler.settled();
}

/** One look. A pass that throws is a bug or a broken disk: the loop outlives both, with backoff. */
async function look(ports: WatchPorts, onLost: () => void): Promise<WorkOutcome> {
  try {
    if (!(await ports.isOwner())) {
      onLost();
      return { kind: 'done', requeueAfterMs: null };
    }
    const report = await ports.reconciler.pass({ permissions: NO_PERMISSIONS });
    if (report.kind === 'refused') ports.onLine(report.refusal.message, 'error');
    await ports.unattended.look();
    // A refused pass starts nothing, so a retry that is due cannot begin either.
    const retryAtMs = report.kind === 'refused' ? null : ports.reconciler.nextRetryMs();
    const untilRetryMs = retryAtMs === null ? null : retryAtMs - ports.clock.elapsedMs();
    const waits = [untilRetryMs, ports.unattended.untilDueMs()];
    return { kind: 'done', requeueAfterMs: untilNextLook(ports, waits) };
  } catch (error) {
    ports.onLine(`pass failed: ${error instanceof Error ? error.message : String(error)}`, 'error');
    return { kind: 'failed' };
  } finally {
    ports.onLooked();
  }
}

function untilNextLook({ random }: WatchPorts, waits: readonly (number | null)[]): number {
  const resyncMs = RESYNC_MS * (0.9 + 0.2 * random.next());
  return Math.max(0, Math.min(resyncMs, ...waits.filter((waitMs) => waitMs !== null)));
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
