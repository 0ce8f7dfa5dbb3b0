import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { InputFolder } from '../input-folder.ts';
import { PipelockGate, type PipelockGateOptions } from '../pipelock/pipelock-gate.ts';
import type { Program } from './program.ts';

/** The pipelock program of these sidecars, following the configuration that comes with egress's table. */
export interface SecondGate {
  readonly program: Pick<Program, 'status'>;
  readonly status: PipelockGate['status'];
  /** Where egress finds it: `127.0.0.1:<port>`. */
  readonly endpoint: string;
  start(): void;
  stop(graceMs: number): Promise<void>;
}

type GateOptions = Pick<PipelockGateOptions, 'environment' | 'backoffMs' | 'onLine' | 'onChange'>;

/** Where its configuration lies while it runs: nothing else in the sidecars writes there. */
const FOLDER = '/tmp/pipelock';

/**
 * Null where `BB_PIPELOCK` names no program. It follows `pipelock.yaml` in egress's input folder, so that both gates are
 * given one generation.
 */
export async function secondGate(
  inputFolder: string,
  options: GateOptions,
): Promise<SecondGate | null> {
  const program = options.environment['BB_PIPELOCK'];
  if (program === undefined) return null;
  const port = await freePort();
  const folder = options.environment['BB_PIPELOCK_FOLDER'] ?? FOLDER;
  const gate = new PipelockGate({ ...options, program, port, folder });
  const input = new InputFolder({
    folder: inputFolder,
    onGeneration: (read) => {
      const text = readOr(read, 'pipelock.yaml');
      if (text === null) gate.refuse('this generation has no pipelock.yaml');
      else gate.load(text);
    },
  });
  return {
    program: gate.program,
    get status() {
      return gate.status;
    },
    endpoint: `127.0.0.1:${port}`,
    start: () => input.start(),
    stop: (graceMs) => {
      input.stop();
      return gate.stop(graceMs);
    },
  };
}

function readOr(read: (name: string) => string, name: string): string | null {
  try {
    return read(name);
  } catch {
    return null;
  }
}

/** On a host that runs many bottles' sidecars side by side no port is theirs by right. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
