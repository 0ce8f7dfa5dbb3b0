import type { BottleName } from '../src/model/names.ts';
import { buildPlan } from '../src/reconcilers/build-plan.ts';
import { bottle, desiredState, route } from '../test/builders/observed.ts';
import { SimulatedFleet } from '../test/reconcilers/simulated-fleet.ts';

export interface PlanMeasurement {
  readonly bottles: number;
  readonly medianMs: number;
  readonly peakMegabytes: number;
  readonly actions: number;
}

/**
 * Plans an unchanged simulated fleet of this size some times. The fleet is made and observed outside the clock; desired
 * state is new each time, so that nothing is remembered from the round before.
 */
export async function measureEmptyPlan(bottles: number, rounds = 7): Promise<PlanMeasurement> {
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
  const times: number[] = [];
  let actions = 0;
  for (let round = 0; round < rounds; round += 1) {
    const desired = wanted();
    const startedAt = performance.now();
    actions = buildPlan(desired, observed, context).actions.length;
    times.push(performance.now() - startedAt);
  }
  const medianMs = times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  return { bottles, medianMs, peakMegabytes, actions };
}
