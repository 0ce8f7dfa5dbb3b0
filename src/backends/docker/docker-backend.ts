import { type ComponentRef, runtimeName } from '../../model/component.ts';
import { type Backend, BackendError } from '../backend.ts';
import { getFile, putFiles } from './archive.ts';
import { createContainer, removeContainer, startContainer, stopContainer } from './containers.ts';
import { agentDiskUse } from './disk-use.ts';
import { parseEndpoint, resolveEndpoint } from './endpoint.ts';
import type { Engine } from './engine.ts';
import { createEngineConnection } from './engine-connection.ts';
import { classify } from './engine-error.ts';
import { execInContainer } from './exec.ts';
import { assertSharedFiles } from './gvisor.ts';
import { ensureImagePresent } from './image.ts';
import { containerLogs } from './logs.ts';
import { createNetwork, removeNetwork } from './networks.ts';
import { observeFleet } from './observe.ts';
import { ownContainer } from './ownership.ts';
import { probeEngine } from './probe.ts';
import { Sessions } from './sessions.ts';
import { sharedBuilds } from './shared-builds.ts';
import { snapshotContainer } from './snapshot.ts';
import { containerStats } from './stats.ts';
import { watchEvents } from './watch.ts';

export interface DockerBackendOptions {
  /** `unix://…` or `tcp://…`; omitted = as the `docker` program would find it. */
  readonly endpoint?: string;
  readonly environment: { readonly [name: string]: string | undefined };
}

/** Bottles as containers of a Docker Engine (20.10 or newer) or of Podman's socket. Connects with its first call. */
export function createDockerBackend({ endpoint, environment }: DockerBackendOptions): Backend {
  const connection = createEngineConnection(
    endpoint === undefined
      ? resolveEndpoint(environment)
      : parseEndpoint(endpoint, 'the backend option', null),
  );
  const sessions = new Sessions();
  const within = <Value>(
    verb: string,
    ref: ComponentRef,
    call: (engine: Engine, containerId: string) => Promise<Value>,
  ) =>
    connection.use(`${verb} ${runtimeName(ref)}`, async (engine) =>
      call(engine, (await ownContainer(engine, ref)).Id),
    );
  const withinFiles: typeof within = (verb, ref, call) =>
    connection.use(`${verb} ${runtimeName(ref)}`, async (engine) => {
      const container = await ownContainer(engine, ref);
      assertSharedFiles(container, `${verb} ${runtimeName(ref)}`);
      return call(engine, container.Id);
    });
  const clientCommand = (streams: '-i' | '-it', ref: ComponentRef, argv: readonly string[]) => [
    ...['docker', '-H', endpointUrl(connection.resolved)],
    ...['exec', streams, runtimeName(ref), ...argv],
  ];
  return {
    name: 'docker',
    capabilities: {
      reload: true,
      internalNetwork: true,
      freeze: true,
      capabilityChange: true,
      wholeDockerfiles: true,
      rootfs: false,
      attach: true,
      otherUsers: true,
      diskLimit: true,
      closedRuntimes: ['runsc'],
    },
    probe: () => probeEngine(connection),
    async observe(fleet) {
      try {
        return await connection.use('observing', (engine) => observeFleet(engine, fleet));
      } catch (error) {
        return { available: false, reason: classify(error, 'observing').message };
      }
    },
    watch: (fleet, onHint, signal) =>
      void watchEvents({ connection, fleet, sessions }, onHint, signal),
    ensureImage: sharedBuilds((build, onProgress) =>
      connection.use(`building ${build.reference}`, (engine) =>
        ensureImagePresent(engine, build, onProgress),
      ),
    ),
    createNetwork: (network) =>
      connection.use(`creating ${runtimeName(network.identity)}`, (engine) =>
        createNetwork(engine, network),
      ),
    createContainer: (container, env) =>
      connection.use(`creating ${runtimeName(container.identity)}`, (engine) =>
        createContainer(engine, container, env),
      ),
    start: (ref) =>
      connection.use(`starting ${runtimeName(ref)}`, (engine) => startContainer(engine, ref)),
    stop: (ref, graceMs) =>
      connection.use(`stopping ${runtimeName(ref)}`, (engine) =>
        stopContainer(engine, ref, graceMs),
      ),
    remove: (ref) =>
      connection.use(`removing ${runtimeName(ref)}`, (engine) =>
        ref.component === 'agent' || ref.component === 'sidecars'
          ? removeContainer(engine, ref)
          : removeNetwork(engine, ref),
      ),
    exec: (ref, request) =>
      within('running a program in', ref, (engine, id) =>
        execInContainer(engine, id, request, sessions),
      ),
    attachCommand: (ref, argv) => clientCommand('-it', ref, argv),
    execCommand: (ref, argv) => clientCommand('-i', ref, argv),
    copyIn: (ref, folder, files) =>
      withinFiles('copying into', ref, (engine, id) => putFiles(engine, id, folder, files)),
    copyOut: (ref, path, maxBytes) =>
      withinFiles('copying out of', ref, (engine, id) => getFile(engine, id, path, maxBytes)),
    signal: (ref, signal) =>
      within('signalling', ref, async (engine, id) => {
        await engine.calls.getContainer(id).kill({ signal });
      }),
    isBusy: (ref) =>
      connection.use(`looking for sessions in ${runtimeName(ref)}`, (engine) =>
        sessions.isBusy(engine, ref),
      ),
    async *logs(ref, options) {
      try {
        const { engine, id } = await within('reading the logs of', ref, async (engine, id) => ({
          engine,
          id,
        }));
        yield* containerLogs(engine, id, options);
      } catch (error) {
        throw classify(error, `reading the logs of ${runtimeName(ref)}`);
      }
    },
    snapshot: (ref, reference) =>
      withinFiles('saving', ref, (engine, id) => snapshotContainer(engine, id, reference)),
    diskUse: (fleet, limits, signal) =>
      connection.use('measuring disks', (engine) => agentDiskUse(engine, fleet, limits, signal)),
    stats: (ref) => within('measuring', ref, containerStats),
  };
}

function endpointUrl(resolved: ReturnType<typeof resolveEndpoint>): string {
  if (resolved.kind === 'endpoint') return resolved.endpoint.url;
  throw new BackendError({
    code: 'unavailable',
    kind: 'terminal',
    message: resolved.reason,
    hint: resolved.fix,
  });
}
