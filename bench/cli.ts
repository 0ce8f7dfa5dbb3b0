import { execa } from 'execa';
import type { Bench } from './bench.ts';
import { type Benchmark, figure } from './benchmark.ts';
import { type BenchFleet, openFleet } from './fleet.ts';
import { inTurns, median, timed } from './statistics.ts';

const ROUNDS = 15;
const BOTTLES = 10;

/** What an operator waits for at the prompt: whole processes, from `exec` to exit, without a running controller. */
export const cli: Benchmark = {
  name: 'cli',
  about: `bb --version; bb plan on an unchanged fleet of ${BOTTLES}`,
  run: async (bench) => {
    const program = await bench.program();
    const simulated = await unchangedFleet(bench, 'simulated');
    const docker = await unchangedFleet(bench, 'docker');
    bench.progress(`${ROUNDS} rounds`);
    const samplesMs = await inTurns(ROUNDS, {
      node: () => timed(() => execa(process.execPath, ['--eval', '0'])),
      version: () => timed(() => execa(program, ['--version'])),
      simulated: () => timed(() => planEmpty(simulated)),
      docker: () => timed(() => planEmpty(docker)),
    });
    const node = median(samplesMs.node);
    const version = median(samplesMs.version);
    return {
      figures: [
        figure('node --eval 0', node, 'ms'),
        figure('bb --version', version, 'ms', 80),
        figure(`bb plan simulated ${BOTTLES}`, median(samplesMs.simulated), 'ms', 250),
        figure(`bb plan docker ${BOTTLES}`, median(samplesMs.docker), 'ms', 250),
        figure('bb --version over node', version / node, '×'),
      ],
      notes: [`medians of ${ROUNDS}, in turns`],
    };
  },
};

async function unchangedFleet(bench: Bench, backend: 'docker' | 'simulated'): Promise<BenchFleet> {
  const fleet = await openFleet(bench, { backend, bottles: BOTTLES });
  bench.progress(`bringing up ${BOTTLES} bottles, ${backend}`);
  await fleet.bb('reconcile');
  return fleet;
}

async function planEmpty(fleet: BenchFleet): Promise<void> {
  const { exitCode } = await fleet.bb('plan', '--detailed-exitcode');
  if (exitCode !== 0) throw new Error('the plan of an unchanged fleet is not empty');
}
