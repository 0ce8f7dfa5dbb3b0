import { chmod, mkdir } from 'node:fs/promises';
import type { ControllerApi } from '../src/controller/api.ts';
import { openController } from '../src/controller/open.ts';
import type { NetworkSpec } from '../src/model/component.ts';
import { type BottleParts, createBare, removeParts } from './bare-bottle.ts';
import { type Benchmark, type Figure, figure } from './benchmark.ts';
import { composeContender } from './compose.ts';
import { type BenchFleet, openFleet } from './fleet.ts';
import { inTurns, median, timed } from './statistics.ts';

const ROUNDS = 7;

/** A bottle with its images present, against the engine alone and against Docker Compose. */
export const start: Benchmark = {
  name: 'start',
  about: 'bottle start, the bare engine calls for the same parts, and Docker Compose, in turns',
  run: async (bench) => {
    const fleet = await openFleet(bench, { backend: 'docker', bottles: 1 });
    const opened = await openController(fleet.options);
    if (!opened.ok) throw new Error(opened.refusal.message);
    await using api = opened.value;
    const engine = await bench.engine();
    const parts = await partsOf(api);
    bench.progress('one start to build the images');
    await startBottle(api);
    await stopBottle(fleet, api);
    const compose = await composeContender(bench, parts);
    bench.progress(`${ROUNDS} rounds`);
    const samplesMs = await inTurns(ROUNDS, {
      bb: async () => {
        await fleet.commit(ONE_BOTTLE);
        const tookMs = await startBottle(api);
        await stopBottle(fleet, api);
        return tookMs;
      },
      bare: async () => {
        await makeMounts(parts);
        const tookMs = await timed(() => createBare(engine.docker, parts));
        await removeParts(engine.docker, parts);
        return tookMs;
      },
      compose: async () => {
        await makeMounts(parts);
        return compose.start();
      },
    });
    const [bb, bare, composed] = [
      median(samplesMs.bb),
      median(samplesMs.bare),
      median(samplesMs.compose),
    ];
    const figures: Figure[] = [
      figure('bb', bb, 'ms'),
      figure('bare engine calls', bare, 'ms'),
      figure('bb over bare calls', bb / bare, '×', 1.25),
      figure('compose', composed, 'ms'),
      figure('bb over compose', bb / composed, '×'),
    ];
    return {
      figures,
      notes: [
        `medians of ${ROUNDS}, in turns: ${compose.version}`,
        'bb also waits for its sidecars, provisions the agent and proves its isolation; the others end at `start`',
      ],
    };
  },
};

const ONE_BOTTLE = { 'agents/worker.yaml': 'provider: { command: [bash] }\ninstances: 1\n' };
const NO_BOTTLE = { 'agents/worker.yaml': 'provider: { command: [bash] }\ninstances: 0\n' };

async function startBottle(api: ControllerApi): Promise<number> {
  return timed(async () => {
    const report = await api.reconcile({}, () => undefined);
    if (!report.ok) throw new Error(report.refusal.message);
    if (!report.value.converged) throw new Error(report.value.failures[0]?.message);
  });
}

async function stopBottle(fleet: BenchFleet, api: ControllerApi): Promise<void> {
  await fleet.commit(NO_BOTTLE);
  const report = await api.reconcile({ allowMassDelete: true }, () => undefined);
  if (!report.ok) throw new Error(report.refusal.message);
}

/** Folders for containers that nobody prepares: open, so that the programs in them run and do not restart. */
async function makeMounts({ containers }: BottleParts): Promise<void> {
  const sources = new Set(containers.flatMap(({ mounts }) => mounts.map(({ source }) => source)));
  for (const source of sources) {
    await mkdir(source, { recursive: true });
    await chmod(source, 0o777);
  }
}

/** The networks and containers of the one bottle, as its plan has them. */
async function partsOf(api: ControllerApi): Promise<BottleParts> {
  const planned = await api.plan({});
  if (!planned.ok) throw new Error(planned.refusal.message);
  const actions = planned.value.plan.actions.map(({ action }) => action);
  return {
    networks: actions.flatMap((action): NetworkSpec[] =>
      action.kind === 'create-network' ? [action.network] : [],
    ),
    containers: actions.flatMap((action) =>
      action.kind === 'create-container' ? [action.container] : [],
    ),
  };
}
