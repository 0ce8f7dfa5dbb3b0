import Docker from 'dockerode';
import { createDockerBackend } from '../../src/backends/docker/docker-backend.ts';
import { ensureHostBaseImage } from '../../src/controller/adapters/host-base-image.ts';
import type { BackendUnderTest } from '../contract/backend-under-test.ts';
import { eventually } from '../eventually.ts';
import { startEngineForTests } from './engine-for-tests.ts';

/** The docker backend over the engine of this run, with an image that has a shell. */
export type DockerUnderTest =
  | {
      readonly kind: 'docker';
      readonly endpoint: string;
      readonly image: string;
      /** For looking at the engine beside the backend. */
      readonly docker: Docker;
      readonly under: BackendUnderTest;
    }
  | { readonly kind: 'none'; readonly reason: string };

export async function dockerUnderTest(): Promise<DockerUnderTest> {
  const engine = await startEngineForTests();
  if (engine.kind === 'none') return engine;
  const { endpoint } = engine;
  const image = await ensureHostBaseImage({
    endpoint,
    environment: {},
    onProgress: () => undefined,
  });
  const docker = new Docker({ socketPath: endpoint.slice('unix://'.length) });
  const runtime = process.env['BB_TEST_RUNTIME'] || null;
  const under: BackendUnderTest = {
    name: 'docker',
    open: () => createDockerBackend({ endpoint, environment: {} }),
    image,
    runsPrograms: true,
    keptFolder: '/tmp',
    diskFolder: '/var/tmp',
    runtime,
    makeSession: (name) => makeSession(docker, name),
    openAbsent: () =>
      createDockerBackend({ endpoint: 'unix:///nowhere/bb/docker.sock', environment: {} }),
    makeForeign: (kind, name) => makeForeign(docker, image, kind, name),
  };
  return { kind: 'docker', endpoint, image, docker, under };
}

/** What a terminal does: a program without an end of its own, until its input is closed. */
async function makeSession(docker: Docker, container: string): Promise<AsyncDisposable> {
  const exec = await docker.getContainer(container).exec({
    ...{ Cmd: ['cat'], AttachStdin: true, AttachStdout: true },
  });
  const terminal = await exec.start({ hijack: true, stdin: true });
  terminal.resume();
  return {
    async [Symbol.asyncDispose]() {
      terminal.end();
      await eventually(
        'the session ended',
        async () => !(await exec.inspect()).Running || undefined,
      );
    },
  };
}

async function makeForeign(
  docker: Docker,
  image: string,
  kind: 'container' | 'network',
  name: string,
): Promise<AsyncDisposable> {
  const made =
    kind === 'container'
      ? await docker.createContainer({ name, Image: image, HostConfig: { NetworkMode: 'none' } })
      : await docker.createNetwork({ Name: name, Internal: true });
  return {
    async [Symbol.asyncDispose]() {
      await made.remove();
    },
  };
}
