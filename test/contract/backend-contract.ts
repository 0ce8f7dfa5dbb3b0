import { describe } from 'vitest';
import type { BackendUnderTest } from './backend-under-test.ts';
import { filesContract } from './files.ts';
import { foreignContract } from './foreign.ts';
import { lifecycleContract } from './lifecycle.ts';
import { programsContract } from './programs.ts';
import { sessionsContract } from './sessions.ts';
import { watchContract } from './watch.ts';

/** The cases that every backend passes; those about real programs only where there are some. */
export function backendContract(under: BackendUnderTest): void {
  describe(`backend contract: ${under.name}`, () => {
    lifecycleContract(under);
    foreignContract(under);
    watchContract(under);
    sessionsContract(under);
    if (!under.runsPrograms) return;
    programsContract(under);
    filesContract(under);
  });
}
