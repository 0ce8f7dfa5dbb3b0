import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import type { Backend, ExecRequest } from '../../src/backends/backend.ts';
import { SimulatedBackend } from '../../src/backends/simulated/simulated-backend.ts';
import { SimulatedEngine } from '../../src/backends/simulated/simulated-engine.ts';
import { AGENT_HOME } from '../../src/model/providers/provider.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { bottleName, HOME } from './observed.ts';
import { temporaryFolder } from './state-directory.ts';

/** The agent whose home is a folder of this machine. */
export const AGENT_AT_HOME = {
  fleet: HOME,
  bottle: bottleName('dev'),
  component: 'agent',
} as const;

/** A backend that runs programs on this machine, really, with a folder of the test as the agent's home. */
export async function homeShell(): Promise<
  AsyncDisposable & { readonly home: string; readonly backend: Backend }
> {
  const folder = await temporaryFolder();
  const plain = new SimulatedBackend({ engine: new SimulatedEngine(), clock: new FakeClock() });
  const onHost = (path: string) => join(folder.path, relative(AGENT_HOME, path));
  const backend = Object.assign(plain, {
    async exec(_ref: unknown, { argv, stdin = '', timeoutMs }: ExecRequest) {
      const isInside = (argument: string) => argument.startsWith(`${AGENT_HOME}/`);
      const [program = '', ...rest] = argv.map((one) => (isInside(one) ? onHost(one) : one));
      const ended = await execa(program, rest, {
        ...{ cwd: '/', env: { HOME: folder.path }, input: stdin },
        ...{ timeout: timeoutMs, reject: false },
      });
      const { exitCode = 137, stdout, stderr } = ended;
      return { exitCode, stdout, stderr, truncated: false };
    },
    async copyOut(_ref: unknown, path: string) {
      return new Uint8Array(await readFile(onHost(path)));
    },
  });
  return {
    home: folder.path,
    backend,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
