import type Docker from 'dockerode';
import { afterAll, test } from 'vitest';
import { dockerUnderTest } from '../engines/docker-under-test.ts';
import { startUpstream, type Upstream } from './upstream.ts';

/** The engine of this run with an upstream beside it. */
export interface ScenarioEngine {
  readonly docker: Docker;
  readonly endpoint: string;
  readonly base: string;
  readonly upstream: Upstream;
  /** `config.yaml` of a host with this engine. */
  readonly hostConfig: string;
}

/**
 * Declares scenarios over the engine of this run; `name` is the file's own, so that files do not meet. Where there is no
 * engine they are skipped by name.
 */
export async function onEngine(
  name: string,
  declare: (engine: ScenarioEngine) => void,
): Promise<void> {
  const under = await dockerUnderTest();
  if (under.kind === 'none') return void test.skip(`scenarios of ${name}: ${under.reason}`);
  const engine = await scenarioEngine(under, name);
  afterAll(() => engine.upstream[Symbol.asyncDispose]());
  declare(engine);
}

/** `under` with an upstream beside it, which is the caller's to end. */
export async function scenarioEngine(
  { docker, endpoint, image }: Pick<ScenarioEngine, 'docker' | 'endpoint'> & { image: string },
  name: string,
): Promise<ScenarioEngine> {
  const upstream = await startUpstream(docker, name);
  const hostConfig = [
    `images: {base: "${image}"}`,
    `docker: {host: "${endpoint}"}`,
    'upstream:',
    `  hosts: {api.example.test: ["${upstream.address}"]}`,
    '  caFiles: [upstream.pem]',
    '',
  ].join('\n');
  return { docker, endpoint, base: image, upstream, hostConfig };
}

/** One fleet's things on the engine, looked at beside `bb`. */
export interface FleetOnEngine {
  readonly docker: Docker | null;
  /** Ids of the fleet's containers and networks by name. */
  ids(): Promise<{ readonly [name: string]: string }>;
  container(bottle: string, component?: 'sidecars'): Docker.Container;
  network(bottle: string, kind: 'int' | 'ext'): Docker.Network;
  logs(): Promise<string>;
  removeAll(): Promise<void>;
}

export function fleetOnEngine(engine: ScenarioEngine | null, fleet: string): FleetOnEngine {
  const docker = engine?.docker ?? null;
  const prefix = `bb-${fleet}-`;
  const need = (): Docker => {
    if (docker === null) throw new Error('this fleet is simulated');
    return docker;
  };
  const containers = async () => {
    const all = (await docker?.listContainers({ all: true })) ?? [];
    return all.filter(({ Names }) => Names.some((each) => each.startsWith(`/${prefix}`)));
  };
  const networks = async () =>
    ((await docker?.listNetworks()) ?? []).filter(({ Name }) => Name.startsWith(prefix));
  return {
    docker,
    async ids() {
      const found = [
        ...(await containers()).map(({ Names, Id }) => ({
          name: Names[0]?.slice(1) ?? '',
          id: Id,
        })),
        ...(await networks()).map(({ Name, Id }) => ({ name: Name, id: Id })),
      ];
      return Object.fromEntries(found.map(({ name, id }) => [name.slice(prefix.length), id]));
    },
    container: (bottle, component) =>
      need().getContainer(`${prefix}${bottle}${component === undefined ? '' : `-${component}`}`),
    network: (bottle, kind) => need().getNetwork(`${prefix}${bottle}-${kind}`),
    async logs() {
      const texts = (await containers()).map(async ({ Id, Names, State }) => {
        const log = await need().getContainer(Id).logs({ stdout: true, stderr: true, tail: 200 });
        return `== ${Names[0]} ${State}\n${log.toString('utf8')}`;
      });
      return (await Promise.all(texts)).join('\n');
    },
    async removeAll() {
      const [made, connecting] = [await containers(), await networks()];
      await Promise.all(made.map(({ Id }) => need().getContainer(Id).remove({ force: true })));
      await Promise.all(connecting.map(({ Id }) => need().getNetwork(Id).remove()));
    },
  };
}
