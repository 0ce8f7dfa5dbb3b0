import { BackendError } from '../backend.ts';
import type { EmbeddedLayout } from './layout.ts';
import { childrenOf, identify, type ProcessIdentity } from './process-table.ts';
import { type RunRecord, writeRun } from './records.ts';
import { sandboxChild } from './sandbox-status.ts';
import type { Launched } from './start.ts';

/**
 * Writes down how the sandbox `name` runs and lets its program begin. One that cannot be written down is let go, and ends
 * by that: nobody would know of it. `network` is who holds the network that it is in; null = it does itself.
 */
export async function begin(
  launched: Launched,
  layout: EmbeddedLayout,
  name: string,
  network: ProcessIdentity | null,
): Promise<RunRecord> {
  try {
    const run = runOf(launched, layout, name, network);
    writeRun(layout.run(name), run);
    await launched.release();
    return run;
  } catch (error) {
    launched.abandon();
    throw error;
  }
}

function runOf(
  { pid }: Launched,
  layout: EmbeddedLayout,
  name: string,
  network: ProcessIdentity | null,
): RunRecord {
  const monitor = identify(pid);
  const init = identify(sandboxChild(layout.status(name)) ?? childrenOf(pid)[0] ?? 0);
  if (monitor !== null && init !== null) return { monitor, init, network: network ?? init };
  throw new BackendError({
    code: 'failed',
    kind: 'transient',
    message: `${name} ended while it was made`,
  });
}
