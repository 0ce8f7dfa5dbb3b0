import { expect } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import type {
  Component,
  ComponentRef,
  ContainerSpec,
  NetworkSpec,
} from '../../src/model/component.ts';
import { parseBottleName, parseFleetName, parseRevision } from '../../src/model/names.ts';
import { type BackendUnderTest, uniqueFleet, uniqueSubnet } from './backend-under-test.ts';

/** One step that makes a bottle. */
type Step = (backend: Backend) => Promise<void>;

/** A small bottle of its own fleet: specs, references and the order in which it comes up. */
export interface BottleUnderTest extends AsyncDisposable {
  readonly fleet: ComponentRef['fleet'];
  readonly bottle: ComponentRef['bottle'];
  readonly agent: ContainerSpec;
  readonly sidecars: ContainerSpec;
  readonly internal: NetworkSpec;
  readonly external: NetworkSpec;
  ref(component: Component): ComponentRef;
  /** Networks, where the backend has them, and containers: each idempotent. */
  readonly making: readonly Step[];
  readonly starting: readonly Step[];
  /** Both, one after the other. */
  readonly steps: readonly Step[];
  readonly hasNetworks: boolean;
  up(backend: Backend): Promise<void>;
}

const AGENT_USER = { uid: 1000, gid: 1000 };

const CONTAINERS = ['agent', 'sidecars'] as const;
const NETWORKS = ['internal-network', 'external-network'] as const;

/** Removes everything of the bottle when it is disposed of. `change` alters the specs. */
export function bottleUnderTest(
  under: BackendUnderTest,
  name = 'dev',
  options: {
    readonly fleet?: string;
    readonly agent?: Partial<ContainerSpec>;
    readonly sidecars?: Partial<ContainerSpec>;
    readonly env?: { readonly [name: string]: string };
  } = {},
): BottleUnderTest {
  const fleet = defined(parseFleetName(options.fleet ?? uniqueFleet()));
  const bottle = defined(parseBottleName(name));
  const hasNetworks = under.open().capabilities.internalNetwork;
  const [inside, outside] = [uniqueSubnet(), uniqueSubnet()];
  const ref = (component: Component) => ({ fleet, bottle, component });
  const identity = <Of extends Component>(component: Of) => ({
    ...{ fleet, bottle, component },
    specHash: 'a'.repeat(64),
    revision: defined(parseRevision('1'.repeat(40))),
    applied: JSON.stringify({ component }),
  });
  const internal = { identity: identity('internal-network'), subnet: inside.cidr } as const;
  const external = { identity: identity('external-network'), subnet: outside.cidr } as const;
  const shared = {
    image: under.image,
    command: ['sleep', 'infinity'],
    env: {},
    lateEnv: {},
    user: AGENT_USER,
    workdir: null,
    mounts: [],
    hosts: {},
    resources: { cpus: 1, memoryBytes: 256 * 1024 * 1024, pids: 64 },
    runtime: null,
  } as const;
  const agent: ContainerSpec = {
    ...shared,
    identity: identity('agent'),
    readOnlyRoot: false,
    tmpfs: {},
    networks: hasNetworks ? [{ component: 'internal-network', address: inside.address(3) }] : [],
    hosts: { egress: hasNetworks ? inside.address(2) : '127.0.0.1' },
    runtime: under.runtime,
    ...options.agent,
  };
  const sidecars: ContainerSpec = {
    ...shared,
    identity: identity('sidecars'),
    readOnlyRoot: true,
    tmpfs: { '/tmp': 16 * 1024 * 1024 },
    networks: hasNetworks
      ? [
          { component: 'internal-network', address: inside.address(2) },
          { component: 'external-network', address: outside.address(2) },
        ]
      : [],
    ...options.sidecars,
  };
  const env = options.env ?? { BB_SHOWN: 'shown' };
  const networking: readonly Step[] = [
    (backend) => backend.createNetwork(internal),
    (backend) => backend.createNetwork(external),
  ];
  const making: readonly Step[] = [
    ...(hasNetworks ? networking : []),
    (backend) => backend.createContainer(sidecars, env),
    (backend) => backend.createContainer(agent, env),
  ];
  const starting: readonly Step[] = [
    (backend) => backend.start(ref('sidecars')),
    (backend) => backend.start(ref('agent')),
  ];
  return {
    ...{ fleet, bottle, agent, sidecars, internal, external, ref, making, starting, hasNetworks },
    steps: [...making, ...starting],
    async up(backend) {
      for (const step of [...making, ...starting]) await step(backend);
    },
    async [Symbol.asyncDispose]() {
      const backend = under.open();
      const remove = (component: Component) => backend.remove(ref(component));
      await Promise.all(CONTAINERS.map(remove));
      await Promise.all(NETWORKS.map(remove));
    },
  };
}

/** What `backend` sees of the bottle; fails when it sees nothing. */
export async function observed(backend: Backend, under: BottleUnderTest) {
  const observation = await backend.observe(under.fleet);
  if (!observation.available) throw new Error(observation.reason);
  const bottle = observation.bottles.find(({ name }) => name === under.bottle);
  const container = (component: Component) =>
    bottle?.containers.find((candidate) => candidate.component === component);
  return { observation, bottle, agent: container('agent'), sidecars: container('sidecars') };
}

/** Runs a shell script in the agent and gives what it said. */
export async function shell(backend: Backend, ref: ComponentRef, script: string): Promise<string> {
  const result = await backend.exec(ref, {
    argv: ['sh', '-s'],
    stdin: script,
    user: null,
    timeoutMs: 20_000,
  });
  expect(`${result.exitCode} ${result.stderr}`).toBe('0 ');
  return result.stdout.trimEnd();
}

function defined<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('a name of the test is not valid');
  return value;
}
