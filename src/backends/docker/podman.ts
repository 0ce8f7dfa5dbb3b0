import { existsSync } from 'node:fs';
import type { ContainerCreateOptions, NetworkInspectInfo } from 'dockerode';
import {
  type ContainerSpec,
  type NetworkComponent,
  type NetworkSpec,
  runtimeName,
} from '../../model/component.ts';
import type { Engine } from './engine.ts';
import { statusOf } from './engine-error.ts';
import { type Labels, labelsOf } from './labels.ts';

/**
 * What Podman's Docker-compatible service does otherwise than Docker, by what the engine says of itself. Networks are
 * made through its own interface, which alone can leave out the gateway: the other one ignores every driver option.
 */
export function isPodman({ product }: Pick<Engine, 'product'>): boolean {
  return product === 'Podman Engine';
}

/**
 * Makes the network. An internal one has neither gateway nor name service, so the bridge has no address of the host;
 * the others are kept apart from each other, as Docker keeps them.
 */
export async function createPodmanNetwork(engine: Engine, spec: NetworkSpec): Promise<void> {
  const internal = spec.identity.component === 'internal-network';
  const body = {
    name: runtimeName(spec.identity),
    driver: 'bridge',
    internal,
    dns_enabled: false,
    ipv6_enabled: false,
    subnets: [{ subnet: spec.subnet }],
    options: internal ? {} : { isolate: 'true' },
    labels: { ...labelsOf(spec.identity, null) },
  };
  await new Promise<void>((resolve, reject) => {
    engine.libpod.modem.dial(
      {
        path: '/libpod/networks/create?',
        method: 'POST',
        options: { _query: {}, _body: body },
        statusCodes: { 200: true, 400: 'bad parameter', 409: 'conflict', 500: 'server error' },
      },
      (error) => (error === null || error === undefined ? resolve() : reject(error)),
    );
  });
}

/** Why an internal network reaches the host; null when its bridge has no address. */
export function podmanNetworkFault(made: NetworkInspectInfo): string | null {
  const gateways = (made.IPAM?.Config ?? []).flatMap(({ Gateway }) => Gateway ?? []);
  return gateways.every((gateway) => gateway === '' || gateway === '<nil>')
    ? null
    : 'the host has an address in it';
}

/**
 * The body of a create call as Podman needs it. Told nothing, it sets a million open files and four million processes,
 * which a kernel may refuse even to root; it leaves IPv6 on, and the link-local address of the bridge is the host's; and
 * it does not tell the address of what does not run, so that is kept in labels.
 */
export function podmanBody(
  body: ContainerCreateOptions,
  { networks }: ContainerSpec,
): ContainerCreateOptions {
  const promised = networks.flatMap(({ component, address }) =>
    address === null ? [] : [[`${ADDRESS_LABEL}.${component}`, address]],
  );
  return {
    ...body,
    Labels: { ...body.Labels, ...Object.fromEntries(promised) },
    HostConfig: {
      ...body.HostConfig,
      Ulimits: [...(body.HostConfig?.Ulimits ?? []), ...LIMITS],
      Sysctls: NO_IPV6,
    },
  };
}

/** The address that a container will have when it runs; absent where Podman did not make it. */
export function promisedAddress(
  labels: Labels | undefined,
  component: NetworkComponent,
): string | undefined {
  return labels?.[`${ADDRESS_LABEL}.${component}`];
}

const ADDRESS_LABEL = 'bb.address';

/** The processes of a bottle are bounded by its own limit. */
const LIMITS = [
  { Name: 'nofile', Soft: 16_384, Hard: 16_384 },
  { Name: 'nproc', Soft: 32_768, Hard: 32_768 },
] as const;

const NO_IPV6 = {
  'net.ipv6.conf.all.disable_ipv6': '1',
  'net.ipv6.conf.default.disable_ipv6': '1',
};

/** Docker answers 409 where a name is taken; Podman answers 500 and says so in words. */
export function isNameConflict(error: unknown): boolean {
  return (
    statusOf(error) === 409 ||
    (statusOf(error) === 500 && /name .* is already in use/.test(String(error)))
  );
}

/** Podman lists every runtime that it has heard of, installed or not. */
export function installedRuntimes(runtimes: {
  readonly [name: string]: { readonly path?: string };
}): readonly string[] {
  return Object.keys(runtimes).filter((name) => existsSync(runtimes[name]?.path ?? ''));
}

/** `bb/x:1` is `docker.io/bb/x:1` or `localhost/bb/x:1` there. */
export function withoutRegistry(reference: string): string {
  return reference.replace(/^(?:docker\.io|localhost)\/(?:library\/)?/, '');
}
