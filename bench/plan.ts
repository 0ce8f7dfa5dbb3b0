import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Reconciler } from '../src/controller/reconciler.ts';
import { type Benchmark, figure } from './benchmark.ts';
import { dockerAt, openLightFleet } from './light-fleet.ts';
import { recordCalls } from './recorded-calls.ts';
import { median } from './statistics.ts';

const BOTTLES = Number(process.env['BB_BENCH_BOTTLES'] ?? 100);
const ROUNDS = 15;

/** An empty plan of many bottles that are observed from a real engine. */
export const plan: Benchmark = {
  name: 'plan',
  about: `empty plan of ${BOTTLES} bottles observed from a real engine`,
  run: async (bench) => {
    const docker = dockerAt((await bench.engine()).endpoint);
    const light = await openLightFleet(bench, docker, BOTTLES);
    const recorded = await recordCalls(bench);
    const counted = await light.openReconciler(dockerAt(recorded.endpoint));
    await planEmpty(counted);
    recorded.take();
    await planEmpty(counted);
    const calls = recorded.take();
    const reconciler = await light.openReconciler(docker);
    await planEmpty(reconciler);
    bench.progress(`${ROUNDS} plans`);
    const totalMs: number[] = [];
    const controllerMs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const engine = watchEngineWaits();
      const startMs = performance.now();
      await planEmpty(reconciler);
      const tookMs = performance.now() - startMs;
      totalMs.push(tookMs);
      controllerMs.push(tookMs - engine.stop());
    }
    return {
      figures: [
        figure('engine calls', calls.length, '', 4),
        figure(`empty plan ${BOTTLES} in the controller`, median(controllerMs), 'ms', 100),
        figure(`empty plan ${BOTTLES} with the engine`, median(totalMs), 'ms'),
      ],
      notes: [
        `${BOTTLES} running bottles with \`sleep\` for their programs, and simulated status files`,
        'in the controller = all but the time until the engine began its slowest answer',
        ...calls.map((line) => line.slice(0, 100)),
      ],
    };
  },
};

export async function planEmpty(reconciler: Reconciler): Promise<void> {
  const permissions = { allowMassDelete: false, applyNow: [] };
  const report = await reconciler.plan({ permissions });
  if (report.kind === 'refused') throw new Error(report.refusal.message);
  const first = report.result.plan.actions[0];
  if (first !== undefined) throw new Error(`the plan is not empty: ${first.reason}`);
}

/** Milliseconds from the first request to the beginning of the last answer: what the engine took, calls overlapping. */
function watchEngineWaits(): { readonly stop: () => number } {
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = 0;
  const onStart = (): void => {
    firstMs = Math.min(firstMs, performance.now());
  };
  const onAnswer = (): void => {
    lastMs = performance.now();
  };
  subscribe('http.client.request.start', onStart);
  subscribe('http.client.response.finish', onAnswer);
  return {
    stop() {
      unsubscribe('http.client.request.start', onStart);
      unsubscribe('http.client.response.finish', onAnswer);
      return Math.max(0, lastMs - firstMs);
    },
  };
}
