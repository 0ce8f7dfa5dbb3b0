import type { Container, ImageInspectInfo } from 'dockerode';
import { BackendError } from '../backend.ts';
import type { Engine } from './engine.ts';
import { IMAGE_LABEL } from './labels.ts';
import { readProgress } from './progress-stream.ts';

/**
 * Saves a container's file system as an image, with the configuration of the image that it was made from. A commit would
 * be shorter, but engines keep the container's environment in it (`ContainerConfig`), every secret included, even when
 * told otherwise; so the files are exported and imported.
 */
export async function snapshotContainer(
  engine: Engine,
  containerId: string,
  reference: string,
): Promise<void> {
  const container = engine.streams.getContainer(containerId);
  const { Image, State } = await container.inspect();
  const { Config } = await engine.calls.getImage(Image).inspect();
  await using _still = await held(container, State.Running && !State.Paused);
  const stream = await engine.streams.importImage(await container.export(), {
    // The tag in the name: Podman does not read it beside it.
    repo: reference,
    changes: configurationOf(Config),
  });
  const { error } = await readProgress(stream, () => undefined);
  if (error === null) return;
  throw new BackendError({ code: 'failed', kind: 'transient', message: error });
}

/** Nothing in a paused container changes while it is read. */
async function held(container: Container, isRunning: boolean): Promise<AsyncDisposable> {
  if (isRunning) await container.pause();
  return {
    async [Symbol.asyncDispose]() {
      if (isRunning) await container.unpause();
    },
  };
}

function configurationOf(config: ImageInspectInfo['Config'] | undefined): readonly string[] {
  const argv = (words: unknown) => (Array.isArray(words) ? JSON.stringify(words) : null);
  const [command, entrypoint] = [argv(config?.Cmd), argv(config?.Entrypoint)];
  return [
    `LABEL ${IMAGE_LABEL}=1`,
    ...(config?.Env ?? []).map((variable) => {
      const [name = '', ...value] = variable.split('=');
      return `ENV ${name}=${JSON.stringify(value.join('=')).replaceAll('$', '\\$')}`;
    }),
    ...(config?.WorkingDir ? [`WORKDIR ${config.WorkingDir}`] : []),
    ...(config?.User ? [`USER ${config.User}`] : []),
    ...(entrypoint === null ? [] : [`ENTRYPOINT ${entrypoint}`]),
    ...(command === null ? [] : [`CMD ${command}`]),
  ];
}
