import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { builtProgram } from '../scenario/built-program.ts';
import type { FleetUnderTest } from '../scenario/fleet-under-test.ts';
import type { Death } from './mortal.ts';

/** How a process of the built `bb` ended that was to die at a step. */
export interface Ended {
  readonly died: boolean;
  readonly exitCode: number | undefined;
  readonly all: string;
  /** Every step that it took, the fatal one last. */
  readonly steps: readonly string[];
}

/** A built `bb` that kills itself before the step of this number, 1-based; null only counts its steps. */
export interface MortalProcess {
  /** True as soon as it says this; false when it ended without. */
  says(text: string): Promise<boolean>;
  /** Asks it to end, unless it has. */
  end(): Promise<Ended>;
  readonly ended: Promise<Ended>;
}

const PRELOAD = resolve(import.meta.dirname, 'mortal.ts');

export async function mortalProcess(
  fleet: FleetUnderTest,
  step: number | null,
  ...argv: readonly string[]
): Promise<MortalProcess> {
  const log = join(fleet.folder, 'steps.log');
  await rm(log, { force: true });
  const death: Death = { log, step };
  const child = execa(await builtProgram(), [...fleet.globals, ...argv], {
    cwd: fleet.repository.root,
    env: {
      ...fleet.environment,
      NODE_OPTIONS: `--import=${PRELOAD}`,
      BB_TEST_DEATH: JSON.stringify(death),
    },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    all: true,
  });
  let said = '';
  child.all.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = child.then(async ({ signal, exitCode, all }): Promise<Ended> => {
    const text = await readFile(log, 'utf8').catch(() => '');
    return { died: signal === 'SIGKILL', exitCode, all, steps: text.trimEnd().split('\n') };
  });
  return {
    ended,
    async says(text) {
      const { promise, resolve: settle } = Promise.withResolvers<boolean>();
      const look = () => said.includes(text) && settle(true);
      child.all.on('data', look);
      void ended.then(() => settle(said.includes(text)));
      look();
      return promise;
    },
    end() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
