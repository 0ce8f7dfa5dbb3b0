import type { ControllerApi } from '../src/controller/api.ts';
import { openController } from '../src/controller/open.ts';
import { type Benchmark, figure } from './benchmark.ts';
import { type BenchFleet, openFleet } from './fleet.ts';
import { median, timed } from './statistics.ts';

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
    const samplesMs: number[] = [];
    let firstMs = 0;
    for (let round = 0; round <= ROUNDS; round += 1) {
      await fleet.commit(instances(1));
      const tookMs = await timed(() => reconcile(api));
      if (round === 0) firstMs = tookMs;
      else samplesMs.push(tookMs);
      await stop(fleet, api);
    }
    return {
      figures: [
        figure('first bottle', firstMs, 'ms', 1_000),
        figure('bottle ready', median(samplesMs), 'ms', 300),
      ],
      notes: [`median of ${ROUNDS} after the first, through the controller's own pass`],
    };
  },
};

function instances(count: number) {
  return { 'agents/worker.yaml': `provider: { command: [bash] }\ninstances: ${count}\n` };
}

async function reconcile(api: ControllerApi): Promise<void> {
  const report = await api.reconcile({ allowMassDelete: true }, () => undefined);
  if (!report.ok) throw new Error(report.refusal.message);
  if (!report.value.converged) throw new Error(report.value.failures[0]?.message);
}

async function stop(fleet: BenchFleet, api: ControllerApi): Promise<void> {
  await fleet.commit(instances(0));
  await reconcile(api);
}
