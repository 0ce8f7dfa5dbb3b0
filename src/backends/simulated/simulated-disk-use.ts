import { runtimeName } from '../../model/component.ts';
import type { BottleName, FleetName } from '../../model/names.ts';
import type { DiskUse } from '../../model/observed-state.ts';
import type { SimulatedEngine } from './simulated-engine.ts';

/** What was put into the agents of a fleet: nothing else is in them. */
export function agentDiskUse(
  engine: SimulatedEngine,
  fleet: FleetName,
  limits: ReadonlyMap<BottleName, number>,
): ReadonlyMap<BottleName, DiskUse> {
  const uses = new Map<BottleName, DiskUse>();
  for (const bottle of limits.keys()) {
    const name = runtimeName({ fleet, bottle, component: 'agent' });
    if (engine.container(name) === undefined) continue;
    const sizes = [...(engine.files.get(name)?.values() ?? [])].map(({ content }) =>
      content instanceof Uint8Array ? content.length : 0,
    );
    uses.set(bottle, { bytes: sizes.reduce((sum, size) => sum + size, 0), isWhole: true });
  }
  return uses;
}
