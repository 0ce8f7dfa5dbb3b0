import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EmbeddedLayout } from './layout.ts';
import {
  ageMs,
  identify,
  type ProcessIdentity,
  signalProcess,
  wasStartedWith,
} from './process-table.ts';
import { readRun } from './records.ts';
import { sandboxChild } from './sandbox-status.ts';

/** Stands in the environment of bubblewrap and of who keeps a network, and tells in whose books a sandbox is. */
export const BOOKS_VARIABLE = 'BB_BOOKS';

/** A name for the books that says nothing of the host. */
export function booksOf({ directory }: Pick<EmbeddedLayout, 'directory'>): string {
  return createHash('sha256').update(directory).digest('hex').slice(0, 16);
}

/**
 * Makes the folder of the records. Where there was none, whoever still runs is in no books any more: somebody deleted
 * them, and nobody could ever stop it. So it is ended.
 */
export function ensureRecords(layout: EmbeddedLayout): void {
  if (mkdirSync(layout.records, { recursive: true, mode: 0o700 }) === undefined) return;
  for (const one of startedFor(layout)) signalProcess(one, 'SIGKILL');
}

/** One that is as young may be about to be written down by whoever starts it. */
const YOUNG_MS = 10_000;

/**
 * Ends what was started for these books and is in none of them, as after an older copy of them was put back: it would be
 * in its bottle's network for ever, and nobody could stop it. Where a run cannot be read it may be anybody's: nobody is
 * ended then.
 */
export function endForgotten(layout: EmbeddedLayout, youngMs: number = YOUNG_MS): void {
  const recorded = recordedProcesses(layout);
  if (recorded === null) return;
  const known = new Set(recorded.map(nameOf));
  for (const one of startedFor(layout)) {
    if (!known.has(nameOf(one)) && ageMs(one) >= youngMs) signalProcess(one, 'SIGKILL');
  }
}

/** Ends the sandbox that bubblewrap's own note still speaks of, where the run itself is in no books. */
export function endUnrecorded(layout: EmbeddedLayout, name: string): void {
  const pid = sandboxChild(layout.status(name));
  if (pid !== null) endOurs(layout, pid);
}

function endOurs(layout: EmbeddedLayout, pid: number): void {
  const one = ours(layout, pid);
  if (one !== null) signalProcess(one, 'SIGKILL');
}

function startedFor(layout: EmbeddedLayout): readonly ProcessIdentity[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => ours(layout, Number(pid))).filter((one) => one !== null);
}

function ours(layout: EmbeddedLayout, pid: number): ProcessIdentity | null {
  const isOurs = wasStartedWith(pid, `${BOOKS_VARIABLE}=${booksOf(layout)}`);
  return isOurs ? identify(pid) : null;
}

/** Null when one of the runs, or their folder, cannot be read. */
function recordedProcesses({ runs }: EmbeddedLayout): readonly ProcessIdentity[] | null {
  const files = filesIn(runs)?.filter((file) => file.endsWith('.json'));
  const read = files?.map((file) => readRun(join(runs, file)));
  if (read === undefined || read.includes(null)) return null;
  return read.flatMap((run) => (run === null ? [] : [run.monitor, run.init, run.network]));
}

function filesIn(folder: string): readonly string[] | null {
  try {
    return existsSync(folder) ? readdirSync(folder) : [];
  } catch {
    return null;
  }
}

function nameOf({ pid, startTicks, bootId }: ProcessIdentity): string {
  return `${pid} ${startTicks} ${bootId}`;
}
