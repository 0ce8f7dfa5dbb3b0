import type { ComponentIdentity, ContainerSpec, Mount } from '../../model/component.ts';
import { EGRESS_PORT, PIPELOCK_PROGRAM, SUPERVISE_PORT } from '../../model/sidecar.ts';
import { bottleLayout, SIDECAR_PATHS } from '../../model/state-layout.ts';
import type { BottleAddresses } from '../network/network-spec.ts';
import type { HostFacts } from '../plan-context.ts';
import { appliedOf, type RealisedSidecars } from '../realised.ts';

const MEBIBYTE = 1024 * 1024;

/** Small on purpose: they relay and decide, and an agent must not be able to make them eat the host. */
const RESOURCES = { cpus: 1, memoryBytes: 512 * MEBIBYTE, pids: 128 };

/** The container that guards a bottle: the only thing on both of its networks. */
export function sidecarsContainer(
  owner: Pick<ComponentIdentity, 'fleet' | 'bottle' | 'revision'>,
  options: {
    readonly realised: RealisedSidecars;
    readonly host: HostFacts;
    readonly addresses: BottleAddresses;
  },
): ContainerSpec {
  const { realised, host, addresses } = options;
  return {
    identity: { ...owner, component: 'sidecars', ...appliedOf(realised) },
    image: realised.image,
    command: null,
    env: {
      BB_BOTTLE: owner.bottle,
      ...listeners(addresses.sidecarsInternal),
      ...(realised.pipelock === undefined ? {} : { BB_PIPELOCK: PIPELOCK_PROGRAM }),
    },
    lateEnv: {},
    user: realised.user,
    workdir: null,
    readOnlyRoot: true,
    tmpfs: { '/tmp': 16 * MEBIBYTE },
    mounts: [
      ...sidecarMounts(host.stateDirectory, owner.bottle),
      ...programMounts(realised.pipelock?.path),
    ],
    networks: [
      ...attached('external-network', addresses.sidecarsExternal),
      ...attached('internal-network', addresses.sidecarsInternal),
    ],
    hosts: realised.pipelock?.hosts ?? {},
    resources: RESOURCES,
    runtime: null,
  };
}

/**
 * Who connects is taken for the agent, and gets its credentials: nothing listens on the external network, where every
 * user of the host could connect.
 */
function listeners(internal: string | null): ContainerSpec['env'] {
  if (internal === null) return {};
  return {
    BB_EGRESS_LISTEN: `${internal}:${EGRESS_PORT}`,
    BB_SUPERVISE_LISTEN: `${internal}:${SUPERVISE_PORT}`,
  };
}

/** Inputs are read-only inside; status, keys and the queue are the sidecars' own to write. */
function sidecarMounts(
  stateDirectory: string,
  bottle: ComponentIdentity['bottle'],
): readonly Mount[] {
  const layout = bottleLayout(stateDirectory, bottle);
  const keys = Object.keys(SIDECAR_PATHS) as (keyof typeof SIDECAR_PATHS)[];
  return keys.map((key) => ({
    source: layout[key],
    target: SIDECAR_PATHS[key],
    readOnly: key.endsWith('In'),
  }));
}

function programMounts(program: string | undefined): readonly Mount[] {
  return program === undefined
    ? []
    : [{ source: program, target: PIPELOCK_PROGRAM, readOnly: true }];
}

function attached(
  component: ContainerSpec['networks'][number]['component'],
  address: string | null,
): ContainerSpec['networks'] {
  return address === null ? [] : [{ component, address }];
}
