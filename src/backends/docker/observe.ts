import type { FleetName } from '../../model/names.ts';
import type { BackendObservation } from '../../model/observed-state.ts';
import type { Engine } from './engine.ts';
import { hostRoutes } from './host-routes.ts';
import { FLEET_LABEL, IMAGE_LABEL } from './labels.ts';
import { foreignObjects, observedBottles, subnetsOf } from './observed.ts';
import { isPodman, withoutRegistry } from './podman.ts';

/** Four list calls, however large the fleet is, and a look at the host's routes. */
export async function observeFleet(engine: Engine, fleet: FleetName): Promise<BackendObservation> {
  const { calls, endpoint } = engine;
  const [labelled, named, networks, images, routes] = await Promise.all([
    calls.listContainers({ all: true, filters: { label: [`${FLEET_LABEL}=${fleet}`] } }),
    calls.listContainers({ all: true, filters: { name: [`^/?bb-${fleet}-`] } }),
    calls.listNetworks(),
    calls.listImages({ filters: { label: [`${IMAGE_LABEL}=1`] } }),
    hostRoutes(endpoint),
  ]);
  const listing = { labelled, named, networks };
  return {
    available: true,
    bottles: observedBottles(fleet, listing),
    foreign: foreignObjects(fleet, listing),
    subnetsInUse: [...subnetsOf(networks), ...routes],
    images: images
      .flatMap(({ RepoTags }) => RepoTags ?? [])
      .map((reference) => (isPodman(engine) ? withoutRegistry(reference) : reference))
      .sort(),
  };
}
