import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { type Benchmark, figure } from './benchmark.ts';
import { openFleet } from './fleet.ts';

const BOTTLES = 100;
const REST_MS = 10_000;
const WINDOW_MS = 60_000;

/** What a controller costs while nothing happens. */
export const idle: Benchmark = {
  name: 'idle',
  about: `controller of ${BOTTLES} simulated bottles at rest, over ${WINDOW_MS / 1000} s`,
  run: async (bench) => {
    const fleet = await openFleet(bench, { backend: 'simulated', bottles: BOTTLES });
    const { pid } = await fleet.startController();
    await fleet.bb('reconcile');
    await delay(REST_MS);
    bench.progress(`watching it for ${WINDOW_MS / 1000} s`);
    const [before, startMs] = [await cpuMs(pid), performance.now()];
    await delay(WINDOW_MS);
    const usedMs = (await cpuMs(pid)) - before;
    const percent = (usedMs / (performance.now() - startMs)) * 100;
    return {
      figures: [
        figure('processor', percent, '%', 1),
        figure('resident memory', await residentMb(pid), 'MB', 150),
      ],
      notes: ['of one core; the simulated engine is part of the process'],
    };
  },
};

/** User and system time of the process. */
async function cpuMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const { stdout } = await execa('getconf', ['CLK_TCK']);
  return ((Number(fields[11]) + Number(fields[12])) / Number(stdout)) * 1000;
}

async function residentMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) / 1024;
}
