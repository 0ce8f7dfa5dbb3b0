import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import type { EmbeddedLayout } from './layout.ts';
import { identify, signalProcess, wasStartedWith } from './process-table.ts';
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
  for (const name of readdirSync('/proc')) if (/^\d+$/.test(name)) endOurs(layout, Number(name));
}

/** Ends the sandbox that bubblewrap's own note still speaks of, where the run itself is in no books. */
export function endUnrecorded(layout: EmbeddedLayout, name: string): void {
  const pid = sandboxChild(layout.status(name));
  if (pid !== null) endOurs(layout, pid);
}

function endOurs(layout: EmbeddedLayout, pid: number): void {
  if (!wasStartedWith(pid, `${BOOKS_VARIABLE}=${booksOf(layout)}`)) return;
  const forgotten = identify(pid);
  if (forgotten !== null) signalProcess(forgotten, 'SIGKILL');
}
