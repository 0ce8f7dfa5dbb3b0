import type { ContainerInspectInfo } from 'dockerode';
import { BackendError } from '../backend.ts';

/** True for gVisor under any of the names that it is registered by. */
function isGvisor(runtime: string | null | undefined): boolean {
  return /runsc|gvisor/i.test(runtime ?? '');
}

/**
 * The engine counts the threads of gVisor's own kernel and of its stubs as processes of the container, and a sandbox
 * that cannot have one more dies whole. The bound is for the host's sake then; there is room above what was asked for.
 */
export function pidsLimit(pids: number, runtime: string | null): number {
  return isGvisor(runtime) ? pids * 4 + 512 : pids;
}

/**
 * Throws where the engine would show files of the image instead of those that programs wrote: a running gVisor sandbox
 * keeps its changes to itself, so what the engine reads there, or writes, is another file system.
 */
export function assertSharedFiles(container: ContainerInspectInfo, doing: string): void {
  const { Runtime } = container.HostConfig;
  const neverRan = container.State.Status === 'created';
  if (!isGvisor(Runtime) || neverRan) return;
  throw new BackendError({
    code: 'not-supported',
    kind: 'terminal',
    message: `${doing} is not possible once it ran under ${Runtime}: its files are in its sandbox only`,
    hint: 'Use a mounted folder, or a program in the bottle that reads or writes the files.',
  });
}
