import Docker from 'dockerode';
import { startPrivateEngine } from '../scripts/engine/private-engine.ts';
import { ensureHostBaseImage } from '../src/controller/adapters/host-base-image.ts';

/** The Docker Engine of a run. */
export interface BenchEngine {
  readonly endpoint: string;
  readonly version: string;
  /** Image that bottles are built over: this machine's own programs. */
  readonly base: string;
  /** For looking at it beside the controller, and for bare calls. */
  readonly docker: Docker;
  readonly close: () => Promise<void>;
}

/** The engine that `BB_TEST_DOCKER_HOST` names, else a private one for the while, in `folder`. */
export async function openBenchEngine(
  folder: string,
  onProgress: (line: string) => void,
): Promise<BenchEngine> {
  const named = process.env['BB_TEST_DOCKER_HOST'];
  const given = named === undefined || named === '' ? null : named;
  const own =
    given === null ? await startPrivateEngine({ folder, programs: null, runtimes: {} }) : null;
  const endpoint = given ?? own?.endpoint ?? '';
  const docker = new Docker({ socketPath: endpoint.replace(/^unix:\/\//, '') });
  const { Version: version } = await docker.version();
  onProgress(`Docker Engine ${version}${own === null ? '' : ', started for this run'}`);
  const base = await ensureHostBaseImage({ endpoint, environment: process.env, onProgress });
  return { endpoint, version, base, docker, close: async () => own?.stop() };
}
