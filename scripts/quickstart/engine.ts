import Docker from 'dockerode';
import { installDebianPackages } from '../debian-packages.ts';
import { startPrivateEngine } from '../engine/private-engine.ts';

export interface QuickEngine {
  readonly endpoint: string;
  readonly description: string;
  /** Removes what was started; an engine that was there is left alone. */
  close(): Promise<void>;
}

const USUAL = 'unix:///var/run/docker.sock';

/** The engine that answers; null when none does. */
export async function runningEngine(): Promise<QuickEngine | null> {
  const endpoint = process.env['DOCKER_HOST'] ?? USUAL;
  const version = await versionOf(endpoint);
  if (version === null) return null;
  const description = `Docker Engine ${version} answers at ${endpoint}`;
  return { endpoint, description, close: async () => undefined };
}

/** A private engine below `folder` for the while. */
export async function openQuickEngine(folder: string): Promise<QuickEngine> {
  await installDebianPackages(
    ['docker.io', 'iptables'],
    'no engine answers: the quick start runs a private one',
  );
  const engine = await startPrivateEngine({ folder, programs: null, runtimes: {} });
  return {
    endpoint: engine.endpoint,
    description: `started a private Docker Engine ${await versionOf(engine.endpoint)} in ${folder}`,
    close: () => engine.stop(),
  };
}

async function versionOf(endpoint: string): Promise<string | null> {
  if (!endpoint.startsWith('unix://')) return null;
  const docker = new Docker({ socketPath: endpoint.slice('unix://'.length), timeout: 3_000 });
  return docker.version().then(
    ({ Version }) => Version,
    () => null,
  );
}
