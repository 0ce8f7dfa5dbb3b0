import { afterAll } from 'vitest';
import { makeStandInNetwork } from '../../scripts/quickstart/network.ts';
import { dockerUnderTest } from '../engines/docker-under-test.ts';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import type { ScenarioEngine } from '../scenario/engine.ts';

/** Where the bottles of a file are, and an address of this machine that their sidecars can reach. */
export type ModelPlace =
  | {
      readonly kind: 'place';
      readonly address: string;
      readonly engine: Pick<ScenarioEngine, 'docker' | 'endpoint' | 'base'> | null;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** `name` keeps files that run at the same time apart. */
export async function modelPlace(
  backend: 'docker' | 'embedded',
  name: string,
): Promise<ModelPlace> {
  if (process.getuid?.() !== 0) {
    return { kind: 'none', reason: 'only root may listen on the port of a model’s API' };
  }
  if (backend === 'embedded') {
    const under = await embeddedUnderTest();
    // Loopback is a /8: an address of its own keeps port 443 free for whoever has it.
    const own = [process.pid >> 8, process.pid].map((part) => part & 0xff);
    return under.kind === 'none'
      ? under
      : { kind: 'place', address: `127.212.${own.join('.')}`, engine: null };
  }
  const under = await dockerUnderTest();
  if (under.kind === 'none') return under;
  const { docker, endpoint, image } = under;
  const network = await makeStandInNetwork(docker, `bb-model-${name}`);
  afterAll(() => network.remove());
  return { kind: 'place', address: network.address, engine: { docker, endpoint, base: image } };
}
