import type { ContainerCreateOptions, EndpointsConfig, HostConfig } from 'dockerode';
import { type ContainerSpec, runtimeName } from '../../model/component.ts';
import { pidsLimit } from './gvisor.ts';
import { labelsOf } from './labels.ts';

/**
 * The body of a create call. All hardening is here and none of it is a choice of the spec: no capabilities, no new
 * privileges, the engine's seccomp profile, bounded memory, processes and logs, no ports, no host namespaces.
 */
export function containerBody(
  spec: ContainerSpec,
  env: { readonly [name: string]: string },
  endpoints: EndpointsConfig,
): ContainerCreateOptions {
  const [program, ...rest] = spec.command ?? [];
  return {
    Image: spec.image,
    Hostname: runtimeHostname(spec),
    ...(program === undefined ? {} : { Entrypoint: [program], Cmd: rest }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    User: `${spec.user.uid}:${spec.user.gid}`,
    ...(spec.workdir === null ? {} : { WorkingDir: spec.workdir }),
    Labels: { ...labelsOf(spec.identity, spec.runtime) },
    // Without it, a signal sent through the API also turns the restart policy off.
    StopSignal: 'SIGTERM',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: false,
    Tty: false,
    HostConfig: hostConfig(spec),
    NetworkingConfig: { EndpointsConfig: endpoints },
  };
}

/** The endpoints of `spec` by network name, in order, with their fixed addresses. */
export function endpointsOf(spec: ContainerSpec): readonly (readonly [string, EndpointConfig])[] {
  return spec.networks.map(({ component, address }) => [
    runtimeName({ ...spec.identity, component }),
    address === null
      ? {}
      : { IPAMConfig: { IPv4Address: address }, MacAddress: macAddressOf(address) },
  ]);
}

export type EndpointConfig = {
  readonly IPAMConfig?: { readonly IPv4Address: string };
  readonly MacAddress?: string;
};

/**
 * The address that engines before 28 derive too. Newer ones draw another at every start, and gVisor keeps the old one
 * in mind: an agent under runsc lost its sidecars when they were restarted.
 */
function macAddressOf(address: string): string {
  const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['02', '42', ...octets].join(':');
}

function hostConfig(spec: ContainerSpec): HostConfig & { readonly CgroupnsMode: 'private' } {
  const first = endpointsOf(spec)[0];
  const reachesOut = spec.networks.some(({ component }) => component === 'external-network');
  return {
    NetworkMode: first === undefined ? 'none' : first[0],
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges:true'],
    Privileged: false,
    ReadonlyRootfs: spec.readOnlyRoot,
    Init: true,
    IpcMode: 'private',
    CgroupnsMode: 'private',
    PublishAllPorts: false,
    // The controller owns restarts.
    RestartPolicy: { Name: 'no' },
    AutoRemove: false,
    PidsLimit: pidsLimit(spec.resources.pids, spec.runtime),
    Memory: spec.resources.memoryBytes,
    MemorySwap: spec.resources.memoryBytes,
    NanoCpus: Math.round(spec.resources.cpus * 1e9),
    // A core dump would hold what the process had in its memory, credentials too.
    Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
    Tmpfs: Object.fromEntries(
      Object.entries(spec.tmpfs).map(([path, bytes]) => [
        path,
        `rw,nosuid,nodev,${spec.readOnlyRoot ? 'noexec,' : ''}size=${bytes},mode=1777`,
      ]),
    ),
    Mounts: spec.mounts.map(({ source, target, readOnly }) => ({
      Type: 'bind',
      Source: source,
      Target: target,
      ReadOnly: readOnly,
    })),
    ExtraHosts: Object.entries(spec.hosts).map(([name, address]) => `${name}:${address}`),
    // The engine's resolver forwards names to a resolver on the host's loopback, from internal networks too.
    ...(reachesOut ? {} : { Dns: ['0.0.0.0'], DnsSearch: ['.'] }),
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    ...(spec.runtime === null ? {} : { Runtime: spec.runtime }),
  };
}

function runtimeHostname({ identity }: ContainerSpec): string {
  return identity.component === 'agent' ? identity.bottle : `${identity.bottle}-sidecars`;
}
