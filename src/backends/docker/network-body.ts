import type { NetworkCreateOptions, NetworkInspectInfo } from 'dockerode';
import { type NetworkSpec, runtimeName } from '../../model/component.ts';
import { type Engine, isNewer } from './engine.ts';
import { labelsOf } from './labels.ts';
import { isPodman, podmanNetworkFault } from './podman.ts';

const INHIBIT = 'com.docker.network.bridge.inhibit_ipv4';
/** Engine 28.0. */
const FIRST_API_WITH_ISOLATED = '1.48';
const GATEWAY_MODE = 'com.docker.network.bridge.gateway_mode_ipv4';

/**
 * The body of a create call. A network that is only `Internal` still reaches every service of the host through the
 * bridge's address, so an internal one leaves the bridge without any: `isolated` says that from engine 28 on,
 * `inhibit_ipv4` does it before.
 */
export function networkBody(spec: NetworkSpec, servedApi: string): NetworkCreateOptions {
  const internal = spec.identity.component === 'internal-network';
  return {
    Name: runtimeName(spec.identity),
    CheckDuplicate: true,
    Driver: 'bridge',
    Internal: internal,
    Attachable: false,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Config: [{ Subnet: spec.subnet }] },
    Options: internal ? { ...isolation(servedApi) } : {},
    Labels: { ...labelsOf(spec.identity, null) },
  };
}

/** Why a network that was just made must not be used; null when it is what was asked for. */
export function networkFault(
  spec: NetworkSpec,
  made: NetworkInspectInfo,
  engine: Pick<Engine, 'servedApi' | 'product'>,
): string | null {
  const config = made.IPAM?.Config ?? [];
  if (config.length !== 1 || config[0]?.Subnet !== spec.subnet) return 'it has another subnet';
  if (made.EnableIPv6) return 'it has IPv6';
  if (spec.identity.component === 'external-network') return null;
  if (!made.Internal) return 'it is not internal';
  if (isPodman(engine)) return podmanNetworkFault(made);
  const missing = Object.entries(isolation(engine.servedApi)).find(
    ([option, value]) => made.Options?.[option] !== value,
  );
  return missing === undefined ? null : `the engine ignored ${missing[0]}`;
}

function isolation(servedApi: string): { readonly [option: string]: string } {
  return isNewer(FIRST_API_WITH_ISOLATED, servedApi)
    ? { [INHIBIT]: 'true' }
    : { [GATEWAY_MODE]: 'isolated' };
}
