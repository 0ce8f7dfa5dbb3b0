import type { ComponentIdentity, NetworkComponent, NetworkSpec } from '../../model/component.ts';
import { type Applied, appliedOf } from '../realised.ts';
import { addressInside } from './cidr.ts';

/** Where things sit in a bottle's /28s; the first address is the engine's gateway. */
const SIDECARS_AT = 2;
const AGENT_AT = 3;

/** Fixed addresses of a bottle, so that nothing in it depends on a resolver. */
export interface BottleAddresses {
  readonly sidecarsInternal: string | null;
  readonly sidecarsExternal: string | null;
  readonly agent: string | null;
}

/** Addresses by the convention; null where there is no such network. */
export function bottleAddresses(subnets: {
  readonly internal: string | null;
  readonly external: string | null;
}): BottleAddresses {
  const { internal, external } = subnets;
  return {
    sidecarsInternal: internal === null ? null : addressInside(internal, SIDECARS_AT),
    sidecarsExternal: external === null ? null : addressInside(external, SIDECARS_AT),
    agent: internal === null ? null : addressInside(internal, AGENT_AT),
  };
}

/** What a network is labelled with: changing the pool moves it. */
export function networkApplied(component: NetworkComponent, pool: string): Applied {
  return appliedOf({ component, pool });
}

/** One of a bottle's two networks. */
export function networkSpec(
  owner: Pick<ComponentIdentity, 'fleet' | 'bottle' | 'revision'>,
  component: NetworkComponent,
  network: { readonly pool: string; readonly subnet: string },
): NetworkSpec {
  return {
    identity: { ...owner, component, ...networkApplied(component, network.pool) },
    subnet: network.subnet,
  };
}
