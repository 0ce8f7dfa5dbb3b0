import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { installDebianPackages } from '../scripts/debian-packages.ts';
import { type ContainerSpec, runtimeName } from '../src/model/component.ts';
import type { BottleParts } from './bare-bottle.ts';
import type { Bench } from './bench.ts';
import { timed } from './statistics.ts';

/** Docker Compose with the same two containers and two networks. */
export async function composeContender(
  bench: Bench,
  parts: BottleParts,
): Promise<{ readonly version: string; readonly start: () => Promise<number> }> {
  await installDebianPackages(['docker-compose'], 'compared with Docker Compose');
  const folder = join(bench.folder, 'compose');
  await mkdir(folder, { recursive: true });
  // JSON is YAML.
  await writeFile(join(folder, 'docker-compose.yml'), JSON.stringify(composeFile(parts)));
  const { endpoint } = await bench.engine();
  const run = { cwd: folder, env: { DOCKER_HOST: endpoint, COMPOSE_PROJECT_NAME: 'bb-bench' } };
  const compose = (...argv: readonly string[]) => execa('docker-compose', argv, run);
  bench.defer(() => compose('down', '--timeout', '0'));
  const { stdout: version } = await compose('version', '--short');
  return {
    version: `Docker Compose ${version}`,
    async start() {
      const tookMs = await timed(() => compose('up', '--detach'));
      await compose('down', '--timeout', '0');
      return tookMs;
    },
  };
}

function composeFile({ networks, containers }: BottleParts): object {
  return {
    version: '2.4',
    networks: Object.fromEntries(
      networks.map(({ identity, subnet }) => [
        identity.component,
        {
          internal: identity.component === 'internal-network',
          ipam: { config: [{ subnet }] },
        },
      ]),
    ),
    services: Object.fromEntries(
      containers.map((container) => [container.identity.component, serviceOf(container)]),
    ),
  };
}

function serviceOf(spec: ContainerSpec): object {
  return {
    container_name: `compose-${runtimeName(spec.identity)}`,
    image: spec.image,
    ...(spec.command === null ? {} : { entrypoint: spec.command }),
    environment: spec.env,
    user: `${spec.user.uid}:${spec.user.gid}`,
    read_only: spec.readOnlyRoot,
    init: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    tmpfs: Object.keys(spec.tmpfs),
    mem_limit: spec.resources.memoryBytes,
    cpus: spec.resources.cpus,
    pids_limit: spec.resources.pids,
    volumes: spec.mounts.map(
      ({ source, target, readOnly }) => `${source}:${target}:${readOnly ? 'ro' : 'rw'}`,
    ),
    extra_hosts: Object.entries(spec.hosts).map(([name, address]) => `${name}:${address}`),
    networks: Object.fromEntries(
      spec.networks.map(({ component, address }) => [
        component,
        address === null ? {} : { ipv4_address: address },
      ]),
    ),
  };
}
