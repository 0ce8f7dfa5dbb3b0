import type { ControllerApi } from '../src/controller/api.ts';
import { openController } from '../src/controller/open.ts';
import { type Benchmark, figure } from './benchmark.ts';
import { type BenchFleet, openFleet } from './fleet.ts';
import { median } from './statistics.ts';

const ROUNDS = 9;

/** One bottle without an engine, from its commit until its egress is in force and its agent runs. */
export const embeddedStart: Benchmark = {
  name: 'embedded-start',
  about:
    'a bottle without an engine: from the commit to egress in force, isolation proven, agent up',
  run: async (bench) => {
    const fleet = await openFleet(bench, { backend: 'embedded', bottles: 0 });
    const opened = await openController(fleet.options);
    if (!opened.ok) throw new Error(opened.refusal.message);
    await using api = opened.value;
    const samples: Start[] = [];
    let firstMs = 0;
    for (let round = 0; round <= ROUNDS; round += 1) {
      await fleet.commit(instances(1));
      const start = await reconcile(api);
      if (round === 0) firstMs = start.readyMs;
      else samples.push(start);
      await stop(fleet, api);
    }
    return {
      figures: [
        figure('first bottle', firstMs, 'ms', 1_000),
        figure('bottle ready', median(samples.map(({ readyMs }) => readyMs)), 'ms', 300),
        figure('pass written down', median(samples.map(({ passMs }) => passMs)), 'ms'),
      ],
      notes: [`median of ${ROUNDS} after the first, through the controller's own pass`],
    };
  },
};

function instances(count: number) {
  return { 'agents/worker.yaml': `provider: { command: [bash] }\ninstances: ${count}\n` };
}

interface Start {
  /** Until the last action: that isolation is proven, behind egress in force and the agent's start. */
  readonly readyMs: number;
  /** Until conditions, event and note are written too. */
  readonly passMs: number;
}

async function reconcile(api: ControllerApi): Promise<Start> {
  const begin = performance.now();
  let readyMs = 0;
  const report = await api.reconcile({ allowMassDelete: true }, (progress) => {
    if (progress.kind === 'action') readyMs = performance.now() - begin;
  });
  if (!report.ok) throw new Error(report.refusal.message);
  if (!report.value.converged) throw new Error(report.value.failures[0]?.message);
  return { readyMs, passMs: performance.now() - begin };
}

async function stop(fleet: BenchFleet, api: ControllerApi): Promise<void> {
  await fleet.commit(instances(0));
  await reconcile(api);
}
