import type { BottleName } from '../src/model/names.ts';
import { buildPlan } from '../src/reconcilers/build-plan.ts';
import { bottle, desiredState, route } from '../test/builders/observed.ts';
import { SimulatedFleet } from '../test/reconcilers/simulated-fleet.ts';
import { type Benchmark, figure } from './benchmark.ts';
import { median } from './statistics.ts';

const SMALL = 1_000;
const LARGE = 10_000;
const ROUNDS = 7;

/** Planning an unchanged fleet of thousands, and whether ten times the bottles cost ten times the time. */
export const planSimulated: Benchmark = {
  name: 'plan-simulated',
  about: `empty plan of ${LARGE} simulated bottles, linear from ${SMALL}`,
  run: async ({ progress }) => {
    progress(`observing ${SMALL} bottles, then ${LARGE}`);
    const small = await measureEmptyPlan(SMALL);
    const large = await measureEmptyPlan(LARGE);
    const peakMb = process.resourceUsage().maxRSS / 1024;
    return {
      figures: [
        figure(`empty plan ${SMALL}`, small, 'ms'),
        figure(`empty plan ${LARGE}`, large, 'ms', 1_000),
        // A quarter over ten: caches of the processor hold the small fleet, not the large one.
        figure('time of tenfold bottles', large / small, '×', 12.5),
        figure('peak memory', peakMb, 'MB', 500),
      ],
      notes: [
        `medians of ${ROUNDS}; memory is of the whole process, the simulated engine included`,
      ],
    };
  },
};

/**
 * Milliseconds that planning an unchanged simulated fleet takes. The fleet is made and observed outside the clock;
 * desired state is new each time, so that nothing is remembered from the round before.
 */
async function measureEmptyPlan(bottles: number): Promise<number> {
  const names = Array.from({ length: bottles }, (_, index) => `bottle-${index}` as BottleName);
  const wanted = () =>
    desiredState(
      names.map((name) =>
        bottle(name, {
          networks: { pool: '10.0.0.0/8' },
          env: { PAGER: { kind: 'literal', value: 'cat' } },
          egress: { routes: [route('api.example.test'), route('git.example.test')] },
          allowlist: [{ host: 'packages.example.test', reason: null, expires: null }],
        }),
      ),
    );
  const fleet = new SimulatedFleet();
  await fleet.reconcile(wanted());
  const observed = await fleet.observe();
  const context = fleet.context();
  const samplesMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const desired = wanted();
    const startMs = performance.now();
    const { actions } = buildPlan(desired, observed, context);
    samplesMs.push(performance.now() - startMs);
    if (actions.length > 0) throw new Error('the plan of an unchanged fleet is not empty');
  }
  return median(samplesMs);
}
