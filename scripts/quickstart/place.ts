import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import Docker from 'dockerode';
import { createEmbeddedBackend } from '../../src/backends/embedded/embedded-backend.ts';
import { ensureHostBaseImage } from '../../src/controller/adapters/host-base-image.ts';
import { installDebianPackages } from '../debian-packages.ts';
import { openQuickEngine, type QuickEngine, runningEngine } from './engine.ts';
import { makeStandInNetwork } from './network.ts';
import { say } from './terminal.ts';

/** Where the quick start's bottles run, and the address at which they find its stand-in. */
export interface QuickPlace {
  /** Lines of the host's `config.yaml`. */
  readonly hostConfig: readonly string[];
  /** An address of this machine that the bottles' sidecars can reach. */
  readonly address: string;
  /** Removes what was made for the while. */
  close(): Promise<void>;
}

/** The engine that answers, else sandboxes of this machine without one, else a private engine below `folder`. */
export async function openQuickPlace(folder: string): Promise<QuickPlace> {
  const running = await runningEngine();
  if (running !== null) return onEngine(running);
  const obstacle = await sandboxObstacle(folder);
  if (obstacle === null) return withoutEngine(folder);
  say(`no engine answers, and there are no sandboxes here: ${obstacle}`);
  return onEngine(await openQuickEngine(join(folder, 'engine')));
}

/** What keeps this machine from bottles without an engine; null = nothing does. */
async function sandboxObstacle(folder: string): Promise<string | null> {
  const backend = createEmbeddedBackend({ directory: join(folder, 'tried') });
  if ((await backend.probe()).available) return null;
  await installDebianPackages(['bubblewrap'], 'no engine answers: bottles run in sandboxes').catch(
    (error: unknown) => say(error instanceof Error ? error.message : String(error)),
  );
  const availability = await backend.probe();
  if (!availability.available) return availability.reason;
  return null;
}

/** Sidecars are on this machine's network, so its loopback will do: an address that nobody else serves. */
function withoutEngine(folder: string): QuickPlace {
  say('no engine answers: bottles are sandboxes of this machine, and nothing is fetched');
  return {
    // Whatever engine comes up meanwhile is not this fleet's.
    hostConfig: [`docker: { host: "unix://${folder}/no-engine.sock" }`],
    address: `127.66.${randomInt(1, 255)}.${randomInt(1, 255)}`,
    close: async () => undefined,
  };
}

async function onEngine(engine: QuickEngine): Promise<QuickPlace> {
  say(engine.description);
  try {
    const base = await ensureHostBaseImage({
      endpoint: engine.endpoint,
      environment: process.env,
      onProgress: say,
    });
    say(`base image: ${base}`);
    const docker = new Docker({ socketPath: engine.endpoint.replace(/^unix:\/\//, '') });
    const network = await makeStandInNetwork(docker);
    return {
      hostConfig: [`images: { base: "${base}" }`, `docker: { host: "${engine.endpoint}" }`],
      address: network.address,
      close: () => network.remove().finally(() => engine.close()),
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}
