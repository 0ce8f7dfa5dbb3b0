import type { FleetName } from '../../model/names.ts';
import type {
  BackendObservation,
  ForeignObject,
  ObservedBottle,
  ObservedContainer,
  ObservedNetwork,
} from '../../model/observed-state.ts';
import type { SimulatedEngine } from './simulated-engine.ts';
import type { SimulatedContainer, SimulatedNetwork } from './simulated-object.ts';

interface Gathered {
  readonly containers: ObservedContainer[];
  readonly networks: ObservedNetwork[];
}

/** What an engine's lists would tell of one fleet, in one walk over all objects. */
export function observeEngine(
  engine: SimulatedEngine,
  backend: string,
  fleet: FleetName,
): Extract<BackendObservation, { available: true }> {
  const gathered = new Map<ObservedBottle['name'], Gathered>();
  const foreign: ForeignObject[] = [];
  const subnetsInUse: string[] = [];
  const images: string[] = [];
  const prefix = `bb-${fleet}-`;
  const stranger = (kind: ForeignObject['kind'], name: string) => {
    if (name.startsWith(prefix)) foreign.push({ kind, name });
  };
  const of = (name: ObservedBottle['name']): Gathered => {
    const known = gathered.get(name);
    if (known !== undefined) return known;
    const fresh: Gathered = { containers: [], networks: [] };
    gathered.set(name, fresh);
    return fresh;
  };
  for (const object of engine.objects()) {
    switch (object.kind) {
      case 'container': {
        if (object.spec.identity.fleet !== fleet) {
          stranger('container', object.name);
          break;
        }
        const bottle = of(object.spec.identity.bottle);
        bottle.containers.push(observedContainer(object));
        break;
      }
      case 'network':
        subnetsInUse.push(object.spec.subnet);
        if (object.spec.identity.fleet === fleet) {
          of(object.spec.identity.bottle).networks.push(observedNetwork(object));
        } else {
          stranger('network', object.name);
        }
        break;
      case 'image':
        images.push(object.name);
        break;
      case 'foreign-container':
        stranger('container', object.name);
        break;
      case 'foreign-network':
        stranger('network', object.name);
        if (object.subnet !== null) subnetsInUse.push(object.subnet);
        break;
    }
  }
  const bottles = [...gathered].map(([name, found]) => ({
    name,
    backend,
    ...found,
    // As with a real engine: sessions are asked for one by one.
    busy: false,
  }));
  return { available: true, bottles, foreign, subnetsInUse, images };
}

/** As with a real engine, a stopped container keeps the addresses that it was promised. */
function observedContainer(container: SimulatedContainer): ObservedContainer {
  const { spec, id, name, state, exitCode, createdAt, attached } = container;
  const internal = attached['internal-network'];
  const external = attached['external-network'];
  return {
    kind: 'container',
    component: spec.identity.component,
    id,
    name,
    state,
    exitCode,
    createdAt,
    specHash: spec.identity.specHash,
    applied: spec.identity.applied,
    revision: spec.identity.revision,
    addresses: {
      ...(internal !== undefined ? { 'internal-network': internal.address } : {}),
      ...(external !== undefined ? { 'external-network': external.address } : {}),
    },
    runtime: spec.runtime,
  };
}

function observedNetwork({ spec, id, name }: SimulatedNetwork): ObservedNetwork {
  return {
    kind: 'network',
    component: spec.identity.component,
    id,
    name,
    subnet: spec.subnet,
    specHash: spec.identity.specHash,
    revision: spec.identity.revision,
  };
}
