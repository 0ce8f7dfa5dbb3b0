import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { versionProblem } from '../../model/providers/program-version.ts';
import type { Provider } from '../../model/providers/provider.ts';
import { KNOWN_PROVIDERS } from '../../model/providers/provider-of.ts';
import type { Check } from '../doctor.ts';
import { hostConfigOf } from './host-config.ts';

const TIMEOUT_MS = 15_000;

/** Are the agents' programs in the folder that the host names of a version whose command lines are known? */
export const checkAgentPrograms: Check = async (options) => {
  const config = await hostConfigOf(options);
  const folder = config?.programs ?? null;
  if (folder === null) {
    const detail = 'no folder is named: agents have what is in their images';
    return { state: 'ok', detail, fix: null };
  }
  const path = options.environment['PATH'] ?? '';
  const found = await Promise.all(
    Object.values(KNOWN_PROVIDERS).map(({ provider }) => versionIn(folder, provider, path)),
  );
  const problems = found.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0) {
    const fix = `put a version that bb knows into ${folder}/bin`;
    return { state: 'warn', detail: problems.join('; '), fix };
  }
  const versions = found.flatMap(({ version }) => version ?? []);
  if (versions.length > 0) return { state: 'ok', detail: versions.join(', '), fix: null };
  const names = Object.keys(KNOWN_PROVIDERS).join(' nor ');
  return {
    state: 'warn',
    detail: `${folder}/bin has neither ${names}`,
    fix: 'name another folder as programs of config.yaml, or none',
  };
};

/** What the program says of itself, in a home that nobody has; nothing where it is not there. */
async function versionIn(
  folder: string,
  { program, env }: Provider,
  path: string,
): Promise<{ readonly version?: string; readonly problem?: string }> {
  if (program === null) return {};
  const file = join(folder, 'bin', program.name);
  const isThere = await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isThere) return {};
  const home = await mkdtemp(join(tmpdir(), 'bb-doctor-'));
  try {
    const { exitCode, stdout, shortMessage } = await execa(file, ['--version'], {
      ...{ cwd: home, env: { ...env('none'), PATH: path, HOME: home }, extendEnv: false },
      ...{ stdin: 'ignore', reject: false, timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 },
    });
    if (exitCode !== 0) return { problem: shortMessage ?? `${program.name} --version failed` };
    const problem = versionProblem(program, stdout);
    return problem === null ? { version: `${program.name}: ${stdout.trim()}` } : { problem };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
