import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { ControllerApi } from '../api.ts';
import { readLines } from './line-reader.ts';
import {
  type AnswerLine,
  type Argument,
  formatLine,
  MAX_REQUEST_BYTES,
  METHOD_NAMES,
  parseRequest,
} from './protocol.ts';

/** A client that does not read what it asked for is let go before it takes our memory. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/**
 * Answers `api` on a Unix socket at `path`, for our own user only: the file is 0600 in a folder of 0700. Whoever calls
 * holds the fleet's lock, so a socket that is there already is a dead controller's.
 *
 * A call is aborted when its client cancels it or goes away; what takes no signal, an approval for one, is finished.
 */
export async function serveControllerApi(
  api: ControllerApi,
  path: string,
): Promise<AsyncDisposable> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rm(path, { force: true });
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveConnection(api, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await closed;
      await rm(path, { force: true });
    },
  };
}

function serveConnection(api: ControllerApi, socket: Socket): void {
  const calls = new Map<number, AbortController>();
  const send = (message: AnswerLine) => {
    if (socket.writable) socket.write(formatLine(message));
    if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy();
  };
  // A client that goes away in the middle is its own business.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    for (const call of calls.values()) call.abort(new Error('the client went away'));
  });
  readLines(socket, MAX_REQUEST_BYTES, (line) => {
    const request = parseRequest(line);
    if (request === null) socket.destroy();
    else if ('cancel' in request) calls.get(request.cancel)?.abort(new Error('cancelled'));
    else void answer(request);
  });

  async function answer({ id, method, params }: CallRequest): Promise<void> {
    const controller = new AbortController();
    calls.set(id, controller);
    try {
      const args = params.map((argument) => receiveArgument(argument, controller.signal, onCall));
      send({ id, result: (await invoke(api, method, args)) ?? null });
    } catch (error) {
      send({ id, ...spokenOf(error) });
    } finally {
      calls.delete(id);
    }

    function onCall(value: unknown): void {
      if (calls.get(id) === controller) send({ id, progress: value ?? null });
    }
  }
}

/** What went wrong, and what is known to be done about it. */
function spokenOf(error: unknown): { readonly error: string; readonly hint?: string } {
  if (!(error instanceof Error)) return { error: String(error) };
  const hint = 'hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {};
  return { error: error.message, ...hint };
}

interface CallRequest {
  readonly id: number;
  readonly method: string;
  readonly params: readonly Argument[];
}

function receiveArgument(
  argument: Argument,
  signal: AbortSignal,
  onCall: (value: unknown) => void,
): unknown {
  switch (argument.kind) {
    case 'json':
      return argument.value;
    case 'absent':
      return undefined;
    case 'callback':
      return onCall;
    case 'signal':
      return signal;
  }
}

/** The client is ours and of the same version or refused by its words: arguments are as its types made them. */
async function invoke(
  api: ControllerApi,
  name: string,
  args: readonly unknown[],
): Promise<unknown> {
  const method = METHOD_NAMES.find((known) => known === name);
  if (method === undefined) {
    throw new Error(`the running controller does not know "${name}"; restart it with this version`);
  }
  const implementation = api[method] as (...args: readonly unknown[]) => Promise<unknown>;
  return implementation.apply(api, [...args]);
}
