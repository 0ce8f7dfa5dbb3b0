import type { RequestListener } from 'node:http';
import { startStandIn } from '../../scripts/quickstart/stand-in.ts';
import { route } from '../scenario/fleet-files.ts';
import { type FleetUnderTest, fleetUnderTest } from '../scenario/fleet-under-test.ts';
import { API, NO_UPSTREAM, PORT } from '../scenario/upstream.ts';
import type { ModelPlace } from './model-place.ts';

/** What must be found nowhere in a bottle. */
export const REAL_TOKEN = 'real-token-that-no-bottle-may-ever-hold';

export interface ModelFleetOptions {
  readonly place: Extract<ModelPlace, { readonly kind: 'place' }>;
  /** Folder of the agents' programs. */
  readonly programs: string;
  /** The model's own hosts, and who answers there. */
  readonly model: { readonly hosts: readonly string[]; readonly listener: RequestListener };
  /** `provider:` of the agent file; its secret is called `model`. */
  readonly provider: string;
  /** Source of that secret in `secrets.yaml`. */
  readonly secret: string;
}

/** A fleet whose agent finds a stand-in of its model's API, and a host that it is refused at. */
export async function modelFleet(options: ModelFleetOptions): Promise<FleetUnderTest> {
  const { place, model } = options;
  const cleanups = new AsyncDisposableStack();
  const serve = async (
    names: string | readonly string[],
    port: number,
    listener?: RequestListener,
  ) => cleanups.use(await startStandIn(names, place.address, port, listener)).caPem;
  try {
    const caPem = [await serve(model.hosts, 443, model.listener), await serve(API, PORT)].join('');
    const fleet = cleanups.use(
      await fleetUnderTest({
        isEmbedded: place.engine === null,
        engine:
          place.engine === null
            ? null
            : { ...place.engine, hostConfig: '', upstream: { ...NO_UPSTREAM, caPem } },
      }),
    );
    await fleet.configure('upstream.pem', caPem);
    await fleet.configure('config.yaml', hostConfig(options));
    await fleet.configure('token', `${REAL_TOKEN}\n`);
    await fleet.configure(
      'secrets.yaml',
      `model: {from: ${options.secret}, hosts: [api.anthropic.com, api.openai.com, chatgpt.com]}\n`,
    );
    await fleet.repository.commit({
      'desired-state/bottles/base.yaml':
        'env: {PAGER: cat}\nroutes: [api]\nresources: {cpus: 2, memory: 2GiB, pids: 512}\n',
      'desired-state/routes/api.yaml': `routes:\n${route(place.address, 'paths: [/public/]').join('\n')}\n`,
      'desired-state/agents/dev.yaml': `provider: ${options.provider}\nprompt: {text: Be brief.}\ninstances: []\n`,
    });
    const owned = cleanups.move();
    return { ...fleet, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  } catch (error) {
    await cleanups.disposeAsync();
    throw error;
  }
}

function hostConfig({ place, programs, model }: ModelFleetOptions): string {
  const { engine, address } = place;
  const hosts = [API, ...model.hosts].map((host) => `${host}: ["${address}"]`);
  return [
    ...(engine === null
      ? []
      : [`images: {base: "${engine.base}"}`, `docker: {host: "${engine.endpoint}"}`]),
    `programs: ${programs}`,
    'upstream:',
    `  hosts: {${hosts.join(', ')}}`,
    '  caFiles: [upstream.pem]',
    '',
  ].join('\n');
}
