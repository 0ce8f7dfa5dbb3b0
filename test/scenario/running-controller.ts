import { execa } from 'execa';
import { eventually } from '../eventually.ts';
import { builtProgram } from './built-program.ts';
import type { FleetUnderTest } from './fleet-under-test.ts';

/** A `bb controller` in a process of its own. */
export interface RunningController {
  readonly pid: number;
  /** What it said so far. */
  readonly lines: readonly string[];
  /** Sends the signal and waits for the end; gives the exit code. Nothing when it ended before. */
  stop(signal?: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | undefined>;
}

export async function startController(
  fleet: FleetUnderTest,
  argv: readonly string[] = ['controller'],
): Promise<RunningController> {
  const child = execa(await builtProgram(), [...fleet.globals, ...argv], {
    cwd: fleet.repository.root,
    env: fleet.environment,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    all: true,
  });
  const lines: string[] = [];
  child.all.on('data', (chunk: Buffer) => lines.push(...chunk.toString().trimEnd().split('\n')));
  let ended = false;
  void child.then(() => {
    ended = true;
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the controller did not start');
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return (await child).exitCode;
  };
  await eventually(
    'the controller follows the branch',
    () => {
      if (ended) throw new Error(`the controller ended:\n${lines.join('\n')}`);
      return lines.some((line) => line.startsWith('following '));
    },
    20_000,
  );
  return { pid, lines, stop };
}
