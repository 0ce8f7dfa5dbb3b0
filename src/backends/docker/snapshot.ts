import type { Engine } from './engine.ts';
import { IMAGE_LABEL } from './labels.ts';

/**
 * Saves a container's file system as an image. The engine would save its environment too, with every secret in it, so
 * each variable that is not the image's own is saved empty.
 */
export async function snapshotContainer(
  engine: Engine,
  containerId: string,
  reference: string,
): Promise<void> {
  const container = engine.streams.getContainer(containerId);
  const { Config, Image } = await container.inspect();
  const image = await engine.calls.getImage(Image).inspect();
  const fromImage = new Set(image.Config?.Env ?? []);
  const emptied = Config.Env.filter((variable) => !fromImage.has(variable)).map((variable) =>
    variable.replace(/=.*$/s, '='),
  );
  const colon = reference.lastIndexOf(':');
  const body: { [name: string]: unknown } = { Env: emptied, Labels: { [IMAGE_LABEL]: '1' } };
  const query = {
    container: containerId,
    repo: colon < 0 ? reference : reference.slice(0, colon),
    ...(colon < 0 ? {} : { tag: reference.slice(colon + 1) }),
    pause: 'true',
  };
  await container.commit({ _query: query, _body: body });
}
