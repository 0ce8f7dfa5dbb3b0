import type { ComponentIdentity, ContainerSpec } from '../../model/component.ts';
import type { DesiredBottle } from '../../model/desired-state.ts';
import { AGENT_PROGRAMS, AGENT_TRUST_PATH, bottleLayout } from '../../model/state-layout.ts';
import type { BottleAddresses } from '../network/network-spec.ts';
import type { HostFacts } from '../plan-context.ts';
import { appliedOf, type RealisedAgent } from '../realised.ts';
import { agentEnv, SIDECAR_HOSTS } from './agent-env.ts';

/** Where a backend without networks of its own lets the sidecars listen. */
const LOOPBACK = '127.0.0.1';

/**
 * The container that an agent works in: on the internal network only, everything through its sidecars, kept alive by
 * a sleeper, so that sessions come and go without it.
 */
export function agentContainer(
  bottle: DesiredBottle,
  owner: Pick<ComponentIdentity, 'fleet' | 'bottle' | 'revision'>,
  options: {
    readonly realised: RealisedAgent;
    readonly host: HostFacts;
    readonly addresses: BottleAddresses;
  },
): ContainerSpec {
  const { realised, host, addresses } = options;
  const sidecars = addresses.sidecarsInternal;
  return {
    identity: { ...owner, component: 'agent', ...appliedOf(realised) },
    image: realised.image,
    command: ['sleep', 'infinity'],
    ...agentEnv(bottle.name, bottle.spec, { sidecars, hasPrograms: host.programs !== null }),
    user: host.agentUser,
    workdir: null,
    readOnlyRoot: false,
    tmpfs: {},
    mounts: [
      {
        source: bottleLayout(host.stateDirectory, bottle.name).trust,
        target: AGENT_TRUST_PATH,
        readOnly: true,
      },
      ...(host.programs === null
        ? []
        : [{ source: host.programs, target: AGENT_PROGRAMS, readOnly: true }]),
    ],
    networks:
      addresses.agent === null ? [] : [{ component: 'internal-network', address: addresses.agent }],
    hosts: Object.fromEntries(SIDECAR_HOSTS.map((name) => [name, sidecars ?? LOOPBACK])),
    resources: realised.resources,
    runtime: realised.runtime,
  };
}
