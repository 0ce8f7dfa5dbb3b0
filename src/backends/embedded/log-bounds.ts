import { stat, truncate } from 'node:fs/promises';
import { type EmbeddedLayout, rootParts } from './layout.ts';

const MOST_BYTES = 32 * 1024 * 1024;
const AT_A_TIME = 32;

let next = 0;

/** Logs are bounded when somebody looks, some at a time: the file of a container that writes too much begins anew. */
export async function boundSomeLogs(
  layout: EmbeddedLayout,
  names: readonly string[],
): Promise<void> {
  const from = next < names.length ? next : 0;
  next = from + AT_A_TIME;
  for (const name of names.slice(from, next)) {
    const { log } = rootParts(layout.root(name));
    const { size } = await stat(log).catch(() => ({ size: 0 }));
    if (size > MOST_BYTES) await truncate(log, 0);
  }
}
