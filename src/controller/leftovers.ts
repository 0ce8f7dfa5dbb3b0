import type { Backend } from '../backends/backend.ts';
import { runtimeName } from '../model/component.ts';
import type { Leftover } from '../model/leftover.ts';
import type { BottleName } from '../model/names.ts';
import { bottleLayout } from '../model/state-layout.ts';
import { isPreserved } from '../reconcilers/prune/preservation.ts';
import type { Answer } from './api.ts';
import { classifyFailure } from './failure.ts';
import { placesOf } from './observed-places.ts';
import type { PassResult } from './pass.ts';
import type { BottleRecords } from './ports/bottle-records.ts';
import type { SidecarFiles } from './ports/sidecar-files.ts';

/**
 * What of ours no commit asks for, over every backend. Neither live bottles of the commit are in it nor what is kept of
 * an agent that crashed: that one is saved by a pass before anything of it goes. Pure.
 */
export function findLeftovers(result: PassResult): readonly Leftover[] {
  const { observed, desired, revision } = result;
  const reason = `not in commit ${revision.slice(0, 12)}`;
  const leftovers: Leftover[] = [];
  const kept = (bottle: BottleName) =>
    isPreserved(bottle, placesOf(bottle, observed), result.context);
  for (const [backend, observation] of Object.entries(observed.backends)) {
    if (!observation.available) continue;
    for (const bottle of observation.bottles) {
      if (desired.bottles[bottle.name] !== undefined || kept(bottle.name)) continue;
      for (const { kind, component, name } of [...bottle.containers, ...bottle.networks]) {
        leftovers.push({ backend, kind, bottle: bottle.name, component, name, reason });
      }
    }
  }
  const unreachable = Object.values(observed.backends).some(({ available }) => !available);
  for (const bottle of unreachable ? [] : observed.inventory) {
    if (desired.bottles[bottle] !== undefined || kept(bottle)) continue;
    const name = bottleLayout(result.context.host.stateDirectory, bottle).root;
    leftovers.push({ backend: 'state', kind: 'state', bottle, component: 'state', name, reason });
  }
  return leftovers;
}

/** Removes each of them; one that fails does not stop the others. */
export async function removeLeftovers(
  leftovers: readonly Leftover[],
  current: readonly Leftover[],
  ports: {
    readonly fleet: PassResult['desired']['fleet']['name'];
    readonly backends: readonly Backend[];
    readonly files: SidecarFiles;
    readonly records: BottleRecords;
  },
): Promise<Answer<{ readonly removed: number; readonly failed: readonly string[] }>> {
  const failed: string[] = [];
  let removed = 0;
  // Containers before the networks that they hang on, state last.
  const order: { readonly [kind in Leftover['kind']]: number } = {
    container: 0,
    network: 1,
    state: 2,
  };
  for (const leftover of [...leftovers].sort((a, b) => order[a.kind] - order[b.kind])) {
    const still = current.some(
      ({ kind, backend, name }) =>
        kind === leftover.kind && backend === leftover.backend && name === leftover.name,
    );
    if (!still) continue;
    try {
      await removeOne(leftover, ports);
      removed += 1;
    } catch (error) {
      failed.push(`${leftover.name}: ${classifyFailure(error).message}`);
    }
  }
  return { ok: true, value: { removed, failed } };
}

async function removeOne(
  leftover: Leftover,
  ports: Parameters<typeof removeLeftovers>[2],
): Promise<void> {
  if (leftover.kind === 'state') {
    await ports.records.remove(leftover.bottle);
    return ports.files.remove(leftover.bottle);
  }
  const backend = ports.backends.find(({ name }) => name === leftover.backend);
  const component = COMPONENTS.find((candidate) => candidate === leftover.component);
  if (backend === undefined || component === undefined) {
    throw new Error(`no backend ${leftover.backend} to remove ${leftover.component} from`);
  }
  const ref = { fleet: ports.fleet, bottle: leftover.bottle, component };
  if (runtimeName(ref) !== leftover.name) throw new Error(`${leftover.name} is not what it was`);
  await backend.remove(ref);
}

const COMPONENTS = ['agent', 'sidecars', 'internal-network', 'external-network'] as const;
