import { statSync, truncateSync } from 'node:fs';
import { type EmbeddedLayout, rootParts } from './layout.ts';

const MOST_BYTES = 32 * 1024 * 1024;
const AT_A_TIME = 32;

let next = 0;

/**
 * Logs are bounded when somebody looks, some at a time: the file of a container that writes too much begins anew. Done at
 * once, since a turn of the event loop for each takes ten times as long as the look.
 */
export function boundSomeLogs(layout: EmbeddedLayout, names: readonly string[]): void {
  const from = next < names.length ? next : 0;
  next = from + AT_A_TIME;
  for (const name of names.slice(from, next)) {
    const { log } = rootParts(layout.root(name));
    const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    if (size > MOST_BYTES) empty(log);
  }
}

/** A disk that takes no change now is no reason to see nothing: it is tried again at the next look. */
function empty(log: string): void {
  try {
    truncateSync(log, 0);
  } catch {
    // Read-only, or the log is gone with its container.
  }
}
