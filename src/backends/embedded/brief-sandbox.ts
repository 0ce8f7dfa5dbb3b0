import { rmSync } from 'node:fs';
import { type ComponentRef, runtimeName } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import { execRaw, type RawRequest, type RawResult } from './exec.ts';
import { booksOf } from './forgotten.ts';
import { launch } from './launch.ts';
import { makePlace } from './limits.ts';
import type { Machine } from './machine.ts';
import { ensureEtc, ensureFolders } from './own-folders.ts';
import { ownRecord, runningRun } from './owned.ts';
import { placeName } from './place-name.ts';
import { identify, isAlive, signalProcess } from './process-table.ts';
import { hostnameOf, sandboxArguments } from './sandbox-arguments.ts';
import { sandboxParts } from './sandbox-parts.ts';
import { sandboxChild } from './sandbox-status.ts';
import { waitUntil } from './wait-until.ts';

const TIMEOUT_MS = 60_000;
const ENDING_MS = 5_000;

/**
 * Runs a program of ours in a container, also in one that does not run: then in a sandbox of the same form without a
 * network, whose own program is never released and which ends with us.
 */
export async function withSandbox(
  machine: Machine,
  ref: ComponentRef,
  program: Pick<RawRequest, 'argv' | 'stdin' | 'stdout' | 'outputBytes'> & {
    readonly timeoutMs?: number;
  },
): Promise<RawResult> {
  const request = { timeoutMs: TIMEOUT_MS, ...program, user: null };
  const run = runningRun(machine.layout, ref);
  if (run !== null) return execRaw(machine, ref, request, run);
  const { layout } = machine;
  const name = runtimeName(ref);
  const root = layout.root(name);
  const record = await ownRecord(layout, ref);
  ensureFolders(layout, record);
  ensureEtc(layout, record);
  const parts = sandboxParts(layout, root, record);
  const statusPath = `${root}/brief.status`;
  const launched = await launch({
    books: booksOf(layout),
    user: record.hostUser,
    binds: parts.binds,
    overlays: parts.overlays,
    ...{ root, statusPath },
    place: makePlace(placeName(layout, name), record.spec.resources),
    within: null,
    arguments: (binds) => [
      ...['--die-with-parent', '--unshare-net'],
      ...sandboxArguments({
        ...parts,
        spec: record.spec,
        hostname: hostnameOf(record.spec),
        binds,
      }),
    ],
    limits: [],
    command: ['true'],
    seccompPath: machine.seccompPath(),
    listening: null,
  });
  const monitor = identify(launched.pid);
  const init = identify(sandboxChild(statusPath) ?? 0);
  try {
    if (monitor === null || init === null) {
      const message = `the sandbox for files of ${name} ended while it was made`;
      throw new BackendError({ code: 'failed', kind: 'transient', message });
    }
    return await execRaw(machine, ref, request, { monitor, init, network: init });
  } finally {
    launched.abandon();
    // The shell in it is its image's, and may not care.
    if (init !== null) signalProcess(init, 'SIGKILL');
    await waitUntil(() => monitor === null || !isAlive(monitor), ENDING_MS);
    rmSync(statusPath, { force: true });
  }
}
