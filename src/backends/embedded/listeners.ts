import { spawn } from 'node:child_process';
import { Server } from 'node:net';
import { BackendError } from '../backend.ts';
import type { HostUser, RunRecord } from './records.ts';

const LIMIT_MS = 10_000;

/** Listens on the loopback of the namespace that it was started in, hands the sockets over, and ends. */
const PROGRAM = `
const { createServer } = require('node:net');
const ports = process.argv.slice(1).map(Number);
const next = () => {
  const port = ports.shift();
  if (port === undefined) return process.disconnect();
  const server = createServer();
  server.on('error', (error) => process.send({ error: error.message }, () => process.exit(1)));
  server.listen({ host: '127.0.0.1', port }, () => process.send({ port }, server, () => { server.close(); next(); }));
};
next();
`;

/** Sockets that listen inside a bottle while whoever serves them is outside. */
export interface Listeners {
  readonly descriptors: readonly number[];
  close(): void;
}

/**
 * Makes sockets that listen on a bottle's loopback. A short-lived helper enters its network namespace and hands them
 * over; nothing of the sidecars is ever inside, where the agent could end it or take its place.
 */
export async function listenInside(
  namespace: RunRecord,
  ports: readonly number[],
  user: HostUser | null,
): Promise<Listeners> {
  const asUser =
    user === null
      ? []
      : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const enter = [
    'nsenter',
    '-t',
    String(namespace.init.pid),
    '--user',
    '--preserve-credentials',
    '--net',
    '--',
  ];
  const [program = '', ...rest] = [
    ...asUser,
    ...enter,
    process.execPath,
    '-e',
    PROGRAM,
    ...ports.map(String),
  ];
  const servers: Server[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const said: string[] = [];
  const child = spawn(program, rest, {
    cwd: '/',
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  child.stderr?.on('data', (text) => said.push(String(text)));
  child.on('message', (message, handle) => {
    if (handle instanceof Server) servers.push(handle);
    else said.push(JSON.stringify(message));
  });
  child.once('error', (error) => reject(failed(error.message)));
  child.once('close', () => {
    if (servers.length === ports.length) resolve();
    else reject(failed(said.join(' ').trim()));
  });
  const close = () => {
    for (const server of servers) server.close();
  };
  try {
    await promise;
    return { descriptors: servers.map(descriptorOf), close };
  } catch (error) {
    close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Node has no public name for it. */
function descriptorOf(server: Server): number {
  const handle: unknown = '_handle' in server ? server._handle : null;
  const isHandle = typeof handle === 'object' && handle !== null && 'fd' in handle;
  if (isHandle && typeof handle.fd === 'number' && handle.fd > 2) return handle.fd;
  throw failed('this version of Node does not tell the descriptor of a socket');
}

function failed(why: string): BackendError {
  return new BackendError({
    code: 'failed',
    kind: 'transient',
    message: `the sidecars could not listen inside the bottle: ${why.slice(0, 500)}`,
    hint: 'a program of the agent may hold the port; stop the agent, or look at bb doctor',
  });
}
