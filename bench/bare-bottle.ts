import type Docker from 'dockerode';
import { containerBody, endpointsOf } from '../src/backends/docker/container-body.ts';
import { networkBody } from '../src/backends/docker/network-body.ts';
import { type ContainerSpec, type NetworkSpec, runtimeName } from '../src/model/component.ts';

/** What one bottle consists of in an engine. */
export interface BottleParts {
  readonly networks: readonly NetworkSpec[];
  readonly containers: readonly ContainerSpec[];
}

/** The least that an engine can be asked for to have these parts run, everything at the same time that can be. */
export async function createBare(docker: Docker, parts: BottleParts): Promise<void> {
  const { ApiVersion } = await docker.version();
  await Promise.all(
    parts.networks.map((network) => docker.createNetwork(networkBody(network, ApiVersion))),
  );
  await Promise.all(parts.containers.map((container) => createAndStart(docker, container)));
}

/** Removes them again by name. */
export async function removeParts(docker: Docker, parts: BottleParts): Promise<void> {
  await Promise.all(
    parts.containers.map(({ identity }) =>
      docker.getContainer(runtimeName(identity)).remove({ force: true, v: true }),
    ),
  );
  await Promise.all(
    parts.networks.map(({ identity }) => docker.getNetwork(runtimeName(identity)).remove()),
  );
}

/** Engines before 25 attach one network at creation; the others are connected before the start. */
async function createAndStart(docker: Docker, spec: ContainerSpec): Promise<void> {
  const [first, ...others] = endpointsOf(spec);
  const body = containerBody(
    spec,
    spec.env,
    Object.fromEntries(first === undefined ? [] : [first]),
  );
  const container = await docker.createContainer({ ...body, name: runtimeName(spec.identity) });
  for (const [network, EndpointConfig] of others) {
    await docker.getNetwork(network).connect({ Container: container.id, EndpointConfig });
  }
  await container.start();
}
