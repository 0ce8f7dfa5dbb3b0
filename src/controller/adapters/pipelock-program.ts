import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { PipelockProgram } from '../../reconcilers/plan-context.ts';

/** The pipelock program on this host's `PATH`, or null. */
export function pipelockOnPath(
  environment: Readonly<Record<string, string | undefined>>,
): PipelockProgram | null {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    const program = isAbsolute(folder) ? pipelockAt(join(folder, 'pipelock')) : null;
    if (program !== null) return program;
  }
  return null;
}

/** The program at an absolute path, or null when it is not there or may not be run. */
export function pipelockAt(path: string): PipelockProgram | null {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return null;
    accessSync(path, constants.X_OK);
    return { path, identity: [stats.size, stats.mtimeMs, stats.ino].join('-') };
  } catch {
    return null;
  }
}
