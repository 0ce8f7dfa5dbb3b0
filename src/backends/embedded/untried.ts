import type { ChildProcess } from 'node:child_process';
import { BackendError } from '../backend.ts';

/**
 * Throws where there were no descriptors left for a child: it has no streams then, and its error comes later, which
 * would end the controller if nobody listened.
 */
export function throwUntried(child: ChildProcess): void {
  if (child.stdio !== undefined) return;
  child.once('error', () => undefined);
  throw new BackendError({
    code: 'failed',
    kind: 'transient',
    message: 'no program could be started: this process has too many files open',
    hint: 'give it more: ulimit -n, or LimitNOFILE of its unit',
  });
}
