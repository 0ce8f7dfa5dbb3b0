import { type ComponentRef, runtimeName } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import type { EmbeddedLayout } from './layout.ts';
import { isSameProcess, namespaceRun } from './network-namespace.ts';
import { isAlive } from './process-table.ts';
import { type ContainerRecord, isThere, type RunRecord, readRecord, readRun } from './records.ts';
import { sandboxExitCode } from './sandbox-status.ts';

/** The record of `ref`; null when there is none. Throws `name-taken` when what is there is not ours. */
export async function findRecord(
  layout: EmbeddedLayout,
  ref: ComponentRef,
): Promise<ContainerRecord | null> {
  const path = layout.record(runtimeName(ref));
  const record = readRecord(path);
  if (record !== null || !(await isThere(path))) return record;
  throw new BackendError({
    code: 'name-taken',
    kind: 'terminal',
    message: `${path} exists and was not made by bb for this bottle`,
    hint: 'look at it, then remove it, or rename the bottle',
  });
}

/** Like `findRecord`, but absence is an error. */
export async function ownRecord(
  layout: EmbeddedLayout,
  ref: ComponentRef,
): Promise<ContainerRecord> {
  const record = await findRecord(layout, ref);
  if (record !== null) return record;
  throw new BackendError({
    code: 'not-found',
    kind: 'transient',
    message: `there is no container ${runtimeName(ref)}`,
  });
}

/** How `ref` runs; null when it does not, or is cut off from the bottle's network. */
export function runningRun(layout: EmbeddedLayout, ref: ComponentRef): RunRecord | null {
  const name = runtimeName(ref);
  const run = readRun(layout.run(name));
  if (run === null || !isAlive(run.init) || sandboxExitCode(layout.status(name)) !== null)
    return null;
  const network = namespaceRun(layout, ref);
  return network !== null && isSameProcess(network.init, run.network) ? run : null;
}

/** Like `runningRun`, but an error when it does not run. */
export function mustRun(layout: EmbeddedLayout, ref: ComponentRef): RunRecord {
  const run = runningRun(layout, ref);
  if (run !== null) return run;
  throw new BackendError({
    code: 'failed',
    kind: 'transient',
    message: `${runtimeName(ref)} does not run`,
  });
}
