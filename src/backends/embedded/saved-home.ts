import { createReadStream, createWriteStream, existsSync, writeFileSync } from 'node:fs';
import { type ComponentRef, runtimeName } from '../../model/component.ts';
import { BackendError } from '../backend.ts';
import { withSandbox } from './brief-sandbox.ts';
import type { RawResult } from './exec.ts';
import { rootParts } from './layout.ts';
import type { Machine } from './machine.ts';
import { ownRecord } from './owned.ts';
import { removeTree } from './remove-tree.ts';
import { imageOf } from './sandbox-parts.ts';

/** A disk takes its time for a whole home. */
const TIMEOUT_MS = 600_000;
/** `tar`'s word for files that changed while it read them: those of an agent that runs on. */
const CHANGED = 1;

/**
 * Writes the folder `home` of a container to `archive`, read by a program inside, as the agent: what is not its own to
 * read, on another disk or only a hole in a file is not in it.
 */
export async function saveHome(
  machine: Machine,
  ref: ComponentRef,
  home: string,
  archive: string,
): Promise<void> {
  const result = await withSandbox(machine, ref, {
    argv: ['tar', '-c', '--sparse', '--one-file-system', '--ignore-failed-read', '-C', home, '.'],
    stdin: '',
    stdout: createWriteStream(archive, { flags: 'wx', mode: 0o600, flush: true }),
    timeoutMs: TIMEOUT_MS,
  });
  if (result.exitCode !== 0 && result.exitCode !== CHANGED) throw untarred(ref, 'saved', result);
}

/** Puts into the home of a container that never ran what its image was saved with; done once, and from the start. */
export async function fillHome(machine: Machine, ref: ComponentRef): Promise<void> {
  const { spec } = await ownRecord(machine.layout, ref);
  const { home: archive, onHost } = imageOf(machine.layout, spec);
  const parts = rootParts(machine.layout.root(runtimeName(ref)));
  if (archive === null || onHost.home === null || existsSync(parts.filled)) return;
  await removeTree(parts.home);
  const result = await withSandbox(machine, ref, {
    argv: ['tar', '-x', '--no-same-owner', '--preserve-permissions', '-C', onHost.home],
    stdin: createReadStream(archive),
    timeoutMs: TIMEOUT_MS,
  });
  if (result.exitCode !== 0) throw untarred(ref, 'filled', result);
  writeFileSync(parts.filled, '', { mode: 0o600 });
}

function untarred(ref: ComponentRef, done: string, { stderr }: RawResult): BackendError {
  const said = stderr.toString('utf8').split('\n')[0]?.slice(0, 300) ?? '';
  return new BackendError({
    code: 'failed',
    kind: 'transient',
    message: `the home of ${runtimeName(ref)} could not be ${done}: ${said}`,
  });
}
