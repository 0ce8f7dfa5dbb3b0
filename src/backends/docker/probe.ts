import type { Availability } from '../../model/availability.ts';
import type { EngineConnection } from './engine-connection.ts';
import { classify } from './engine-error.ts';
import { installedRuntimes, isPodman } from './podman.ts';

interface EngineInfo {
  readonly Runtimes?: { readonly [name: string]: { readonly path?: string } };
}

/** Asks the engine anew what it is and which runtimes it has. Never throws. */
export async function probeEngine(connection: EngineConnection): Promise<Availability> {
  connection.forget();
  try {
    return await connection.use(
      `looking for an engine (${whereOf(connection)})`,
      async (engine) => {
        const info: EngineInfo = await engine.calls.info();
        const runtimes = info.Runtimes ?? {};
        return {
          available: true,
          detail: `${engine.product} ${engine.version} at ${engine.endpoint.url}`,
          runtimes: [
            ...(isPodman(engine) ? installedRuntimes(runtimes) : Object.keys(runtimes)),
          ].sort(),
        };
      },
    );
  } catch (error) {
    const { message, hint } = classify(error, 'looking for an engine');
    return { available: false, reason: message, fix: hint ?? 'Look at `docker version`.' };
  }
}

function whereOf({ resolved }: EngineConnection): string {
  return resolved.kind === 'endpoint'
    ? `${resolved.endpoint.url}, by ${resolved.from}`
    : 'not found';
}
