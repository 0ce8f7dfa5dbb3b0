import type { Backend } from '../backends/backend.ts';
import type { BottleName, FleetName } from '../model/names.ts';
import type { ObservedBottle, ObservedState } from '../model/observed-state.ts';

/**
 * `observed` with the answers of these bottles to whether somebody works in them; the others cost nothing. An engine
 * that cannot tell counts as a yes: an operator can still say `bb apply`.
 */
export async function askBusy(
  bottles: readonly BottleName[],
  observed: ObservedState,
  place: { readonly fleet: FleetName; readonly backends: readonly Backend[] },
): Promise<ObservedState> {
  const asked = new Set(bottles);
  const answers = await Promise.all(
    Object.entries(observed.backends).map(async ([name, observation]) => {
      const backend = place.backends.find((candidate) => candidate.name === name);
      if (!observation.available || backend === undefined) return [name, observation] as const;
      const answered = await Promise.all(
        observation.bottles.map((bottle) =>
          asked.has(bottle.name) ? withAnswer(bottle, place.fleet, backend) : bottle,
        ),
      );
      return [name, { ...observation, bottles: answered }] as const;
    }),
  );
  return { ...observed, backends: Object.fromEntries(answers) };
}

async function withAnswer(
  bottle: ObservedBottle,
  fleet: FleetName,
  backend: Backend,
): Promise<ObservedBottle> {
  const ref = { fleet, bottle: bottle.name, component: 'agent' } as const;
  return { ...bottle, busy: await backend.isBusy(ref).catch(() => true) };
}
