import { describe } from 'vitest';
import { SECOND_TRY } from '../second-try.ts';
import type { BackendUnderTest } from './backend-under-test.ts';
import { capabilitiesContract } from './capabilities.ts';
import { copyRacesContract } from './copy-races.ts';
import { endingsContract } from './endings.ts';
import { filesContract } from './files.ts';
import { foreignContract } from './foreign.ts';
import { interruptionsContract } from './interruptions.ts';
import { isolationContract } from './isolation.ts';
import { lifecycleContract } from './lifecycle.ts';
import { programsContract } from './programs.ts';
import { sessionsContract } from './sessions.ts';
import { watchContract } from './watch.ts';
import { wholeLifeContract } from './whole-life.ts';

/** The cases that every backend passes; those about real programs only where there are some. */
export function backendContract(under: BackendUnderTest): void {
  describe(`backend contract: ${under.name}`, SECOND_TRY, () => {
    wholeLifeContract(under);
    lifecycleContract(under);
    foreignContract(under);
    watchContract(under);
    sessionsContract(under);
    capabilitiesContract(under);
    interruptionsContract(under);
    if (!under.runsPrograms) return;
    isolationContract(under);
    endingsContract(under);
    copyRacesContract(under);
    programsContract(under);
    filesContract(under);
  });
}
