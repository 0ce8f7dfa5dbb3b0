import type { ContainerInfo, NetworkInspectInfo } from 'dockerode';
import { type NetworkComponent, runtimeName } from '../../model/component.ts';
import type { FleetName } from '../../model/names.ts';
import type {
  ContainerState,
  ForeignObject,
  ObservedBottle,
  ObservedContainer,
  ObservedNetwork,
} from '../../model/observed-state.ts';
import { type Owned, readLabels } from './labels.ts';
import { promisedAddress } from './podman.ts';

/** What the four list calls of an observation answered. */
export interface Listing {
  readonly labelled: readonly ContainerInfo[];
  readonly named: readonly ContainerInfo[];
  readonly networks: readonly NetworkInspectInfo[];
}

/** The bottles of `fleet` in order of their names, made of what is labelled and named as ours. */
export function observedBottles(fleet: FleetName, listing: Listing): readonly ObservedBottle[] {
  const containers = listing.labelled.flatMap((info) => {
    const owned = readLabels(info.Labels, nameOf(info));
    return owned?.fleet === fleet && isContainer(owned) ? [observedContainer(owned, info)] : [];
  });
  const networks = listing.networks.flatMap((info) => {
    const owned = readLabels(info.Labels, info.Name);
    return owned?.fleet === fleet && isNetwork(owned) ? [observedNetwork(owned, info)] : [];
  });
  const names = [...new Set([...containers, ...networks].map(({ bottle }) => bottle))].sort();
  return names.map((name) => ({
    name,
    backend: 'docker',
    containers: containers.filter(({ bottle }) => bottle === name).map(({ thing }) => thing),
    networks: networks.filter(({ bottle }) => bottle === name).map(({ thing }) => thing),
    // Sessions are not in any list that an engine gives at a constant cost.
    busy: false,
  }));
}

/** Things that bear a name of `fleet` without being ours. */
export function foreignObjects(fleet: FleetName, listing: Listing): readonly ForeignObject[] {
  const prefix = `bb-${fleet}-`;
  const containers = listing.named
    .filter((info) => nameOf(info).startsWith(prefix) && !ours(fleet, info.Labels, nameOf(info)))
    .map((info) => ({ kind: 'container' as const, name: nameOf(info) }));
  const networks = listing.networks
    .filter((info) => info.Name.startsWith(prefix) && !ours(fleet, info.Labels, info.Name))
    .map((info) => ({ kind: 'network' as const, name: info.Name }));
  return [...containers, ...networks];
}

/** CIDRs of all networks. */
export function subnetsOf(networks: readonly NetworkInspectInfo[]): readonly string[] {
  return networks.flatMap(({ IPAM }) => (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []));
}

type OwnedAs<Component> = Owned & { readonly component: Component };

function observedContainer(owned: OwnedAs<'agent' | 'sidecars'>, info: ContainerInfo) {
  const thing: ObservedContainer = {
    kind: 'container',
    component: owned.component,
    id: info.Id,
    name: nameOf(info),
    state: STATES[info.State] ?? 'dead',
    exitCode: exitCodeOf(info.Status),
    createdAt: new Date(info.Created * 1000).toISOString(),
    specHash: owned.specHash,
    applied: owned.applied,
    revision: owned.revision,
    addresses: addressesOf(owned, info),
    otherNetworks: otherNetworksOf(owned, info),
    runtime: owned.runtime,
  };
  return { bottle: owned.bottle, thing };
}

function observedNetwork(owned: OwnedAs<NetworkComponent>, info: NetworkInspectInfo) {
  const thing: ObservedNetwork = {
    kind: 'network',
    component: owned.component,
    id: info.Id,
    name: info.Name,
    subnet: subnetsOf([info])[0] ?? '',
    specHash: owned.specHash,
    revision: owned.revision,
  };
  return { bottle: owned.bottle, thing };
}

/** A stopped container has no address, but keeps the one that it was promised. */
function addressesOf(owned: Owned, info: ContainerInfo): ObservedContainer['addresses'] {
  const attached = info.NetworkSettings?.Networks ?? {};
  return Object.fromEntries(
    NETWORKS.flatMap((component) => {
      const endpoint = attached[runtimeName({ ...owned, component })];
      if (endpoint === undefined) return [];
      const address =
        endpoint.IPAddress ||
        endpoint.IPAMConfig?.IPv4Address ||
        promisedAddress(info.Labels, component);
      return address ? [[component, address]] : [];
    }),
  );
}

/** Somebody attached it there by hand: a way around the sidecars. `none` is the absence of a network. */
function otherNetworksOf(owned: Owned, info: ContainerInfo): readonly string[] {
  const own = new Set(NETWORKS.map((component) => runtimeName({ ...owned, component })));
  const attached = Object.keys(info.NetworkSettings?.Networks ?? {});
  return attached.filter((name) => name !== 'none' && !own.has(name)).sort();
}

const NETWORKS = ['internal-network', 'external-network'] as const;

const STATES: { readonly [state: string]: ContainerState } = {
  created: 'created',
  configured: 'created',
  running: 'running',
  paused: 'paused',
  restarting: 'restarting',
  exited: 'exited',
  stopped: 'exited',
};

/** `Exited (137) 2 minutes ago` */
function exitCodeOf(status: string): number | null {
  const code = /^Exited \((\d{1,3})\)/.exec(status)?.[1];
  return code === undefined ? null : Number(code);
}

function nameOf(info: ContainerInfo): string {
  return (info.Names[0] ?? '').replace(/^\//, '');
}

function ours(fleet: FleetName, labels: ContainerInfo['Labels'] | undefined, name: string) {
  return readLabels(labels, name)?.fleet === fleet;
}

function isContainer(owned: Owned): owned is OwnedAs<'agent' | 'sidecars'> {
  return owned.component === 'agent' || owned.component === 'sidecars';
}

function isNetwork(owned: Owned): owned is OwnedAs<NetworkComponent> {
  return !isContainer(owned);
}
