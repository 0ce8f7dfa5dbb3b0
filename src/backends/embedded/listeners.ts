import { spawn } from 'node:child_process';
import { BackendError } from '../backend.ts';
import { HAND_OVER_ARGV } from './hand-over.ts';
import type { HostUser, RunRecord } from './records.ts';

const LIMIT_MS = 10_000;

/** Where and as whom to listen. */
export interface Listening {
  readonly network: RunRecord;
  readonly ports: readonly number[];
  /** Whose the bottle's network is; null = ours. */
  readonly user: HostUser | null;
}

/** Sockets that listen inside a bottle while whoever serves them is outside. */
export interface Listeners {
  readonly descriptors: readonly number[];
  close(): void;
}

/**
 * Makes sockets that listen on a bottle's loopback. A short-lived helper enters its network namespace and hands them
 * over; nothing of the sidecars is ever inside, where the agent could end it or take its place. Throws `name-taken` when
 * somebody inside has one of the ports.
 */
export async function listenInside({ network, ports, user }: Listening): Promise<Listeners> {
  const asUser =
    user === null
      ? []
      : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const enter = [
    'nsenter',
    '-t',
    String(network.init.pid),
    '--user',
    '--preserve-credentials',
    '--net',
    '--',
  ];
  const [program = '', ...rest] = [...asUser, ...enter, ...HAND_OVER_ARGV, ...ports.map(String)];
  const sockets: Socket[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const said: string[] = [];
  const child = spawn(program, rest, {
    cwd: '/',
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  child.stderr?.on('data', (text) => said.push(String(text)));
  child.on('message', (message, handle: unknown) => {
    if (isSocket(handle)) sockets.push(handle);
    else said.push(JSON.stringify(message));
  });
  child.once('error', (error) => reject(notListening(error.message)));
  child.once('close', () => {
    if (sockets.length === ports.length) resolve();
    else reject(notListening(said.join(' ').trim()));
  });
  const close = () => {
    for (const socket of sockets) socket.close();
  };
  try {
    await promise;
    return { descriptors: sockets.map(({ fd }) => fd), close };
  } catch (error) {
    close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A socket as it was received: nobody accepts on it here. Node has no public name for it. */
interface Socket {
  readonly fd: number;
  close(): void;
}

function isSocket(handle: unknown): handle is Socket {
  const isHandle = typeof handle === 'object' && handle !== null && 'fd' in handle;
  return isHandle && typeof handle.fd === 'number' && handle.fd > 2 && 'close' in handle;
}

/** What became of it, from what was said of it. */
export function notListening(why: string): BackendError {
  return new BackendError({
    code: /in use/i.test(why) || why.includes('EADDRINUSE') ? 'name-taken' : 'failed',
    kind: 'transient',
    message: `the sidecars could not listen inside the bottle: ${why.slice(0, 500)}`,
    hint: 'a program of the agent may hold the port; stop the agent, or look at bb doctor',
  });
}
