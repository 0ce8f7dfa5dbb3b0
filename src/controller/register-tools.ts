import type { Backend, ExecResult } from '../backends/backend.ts';
import type { ProviderSpec } from '../model/bottle-spec.ts';
import type { ComponentRef } from '../model/component.ts';
import { versionProblem } from '../model/providers/program-version.ts';
import type { Provider } from '../model/providers/provider.ts';
import { providerOf } from '../model/providers/provider-of.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { SUPERVISE_URL } from '../model/sidecar.ts';
import type { Warning } from './perform-action.ts';

const TIMEOUT_MS = 20_000;
/** What a shell says of a program that is not there. */
const NOT_FOUND = 127;

interface RegisterPorts {
  readonly backend: Backend;
  readonly onLog: (line: string) => void;
  readonly warn: (warning: Warning) => Promise<void>;
}

/**
 * Makes the supervise tools known to the agent's program, by the program's own command: settings that are written by
 * hand are not read by every version. What goes wrong is told with the command to run, and stops nothing.
 */
export async function registerTools(
  spec: ProviderSpec,
  agent: ComponentRef,
  ports: RegisterPorts,
): Promise<void> {
  const provider = providerOf(spec);
  const argv = provider.registration(SUPERVISE_URL);
  if (argv === null) return;
  const warn = async (reason: string, message: string): Promise<void> => {
    ports.onLog(message);
    await ports.warn({ reason, message });
  };
  const strange = await unknownVersion(provider, agent, ports.backend);
  if (strange !== null) await warn('UnknownProviderVersion', strange);
  const problem = registrationProblem(await run(agent, argv, ports.backend), argv);
  if (problem === null) return;
  const command = `bb exec ${agent.bottle} -- ${argv.join(' ')}`;
  await warn(
    'ToolsNotRegistered',
    `the agent's program does not know the supervise tools: ${problem}; when it is mended, run ${command}`,
  );
}

async function unknownVersion(
  { program }: Provider,
  agent: ComponentRef,
  backend: Backend,
): Promise<string | null> {
  if (program === null) return null;
  const said = await run(agent, [program.name, '--version'], backend);
  // That it is not there is told once, by the registration.
  return typeof said === 'string' || said.exitCode === NOT_FOUND
    ? null
    : versionProblem(program, said.stdout);
}

/** Registered before, in a home that outlived its container, is as good. */
function registrationProblem(result: ExecResult | string, argv: readonly string[]): string | null {
  if (typeof result === 'string') return result;
  if (result.exitCode === 0 || /\balready exists\b/.test(result.stderr)) return null;
  const last = sanitizeLine(result.stderr.trimEnd().split('\n').at(-1) ?? '').slice(0, 300);
  const why = last === '' ? '' : `: ${last}`;
  if (result.exitCode === NOT_FOUND) return `its image cannot run ${argv[0]}${why}`;
  return `${argv[0]} ended with ${result.exitCode}${why}`;
}

/** How the program ended, or why it could not be run. */
async function run(
  agent: ComponentRef,
  argv: readonly string[],
  backend: Backend,
): Promise<ExecResult | string> {
  try {
    return await backend.exec(agent, {
      argv: ['sh', '-c', 'exec "$@"', 'sh', ...argv],
      user: null,
      timeoutMs: TIMEOUT_MS,
    });
  } catch (error) {
    return sanitizeLine(error instanceof Error ? error.message : String(error));
  }
}
