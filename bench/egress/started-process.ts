import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';

export interface StartedProcess {
  readonly pid: number;
  /** Of its output. */
  readonly firstLine: () => Promise<string>;
}

export interface Start {
  readonly command: string;
  readonly argv: readonly string[];
  readonly env?: { readonly [name: string]: string };
  readonly defer: (cleanup: () => unknown) => void;
}

/** Starts a process that runs until the benchmark ends. */
export function startProcess({ command, argv, env = {}, defer }: Start): StartedProcess {
  const child = execa(command, argv, {
    env,
    reject: false,
    stderr: 'ignore',
    forceKillAfterDelay: 3000,
  });
  defer(async () => {
    child.kill('SIGTERM');
    await child;
  });
  if (child.pid === undefined) throw new Error(`${command} could not be started`);
  const firstLine = async (): Promise<string> => {
    const [line] = await once(createInterface(child.stdout), 'line');
    return String(line);
  };
  return { pid: child.pid, firstLine };
}

const ANSWER_WITHIN_MS = 20_000;

/** Waits until something listens on the port of loopback. */
export async function listening(port: number): Promise<void> {
  for (const endMs = performance.now() + ANSWER_WITHIN_MS; performance.now() < endMs; ) {
    if (await accepts(port)) return;
    await delay(50);
  }
  throw new Error(`nothing listens on port ${port}`);
}

function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).then((isOpen) => {
    socket.destroy();
    return isOpen === true;
  });
}
