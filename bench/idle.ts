import { setTimeout as delay } from 'node:timers/promises';
import { type Benchmark, figure } from './benchmark.ts';
import { openFleet } from './fleet.ts';
import { cpuMs, residentMb } from './process-usage.ts';

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
