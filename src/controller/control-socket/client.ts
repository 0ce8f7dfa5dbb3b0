import { connect, type Socket } from 'node:net';
import type { ControllerApi } from '../api.ts';
import { readLines } from './line-reader.ts';
import {
  type Argument,
  formatLine,
  MAX_ANSWER_BYTES,
  METHOD_NAMES,
  parseAnswer,
  type Request,
} from './protocol.ts';

/** Thrown by a call whose controller stopped or died before it answered. What was asked for may still have happened. */
export class ControllerGoneError extends Error {
  override readonly name = 'ControllerGoneError';
  readonly hint =
    'what was asked for may have happened: see bb status; bb controller or bb reconcile finishes what it left';
}

/** What the controller failed with, in its words. */
class ControllerFailure extends Error {
  override readonly name = 'ControllerFailure';
  readonly hint: string | null;

  constructor({
    error,
    hint,
  }: { readonly error: string; readonly hint?: string | null | undefined }) {
    super(error);
    this.hint = hint ?? null;
  }
}

interface Call {
  readonly onProgress: (value: unknown) => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Connects to a running controller; the caller cannot tell the answer from a controller in its own process.
 *
 * @throws ControllerGoneError when nobody answers at `path`.
 */
export async function connectControllerApi(path: string): Promise<ControllerApi> {
  const socket = await open(path);
  const calls = new Map<number, Call>();
  let lastId = 0;

  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    for (const call of calls.values())
      call.reject(new ControllerGoneError('the controller went away'));
    calls.clear();
  });
  readLines(socket, MAX_ANSWER_BYTES, (line) => {
    const message = parseAnswer(line);
    if (message === null) return void socket.destroy();
    const call = calls.get(message.id);
    if ('progress' in message) return call?.onProgress(message.progress);
    calls.delete(message.id);
    if ('error' in message) call?.reject(new ControllerFailure(message));
    else call?.resolve(message.result);
  });

  function request(method: string, args: readonly unknown[]): Promise<unknown> {
    lastId += 1;
    const id = lastId;
    const signal = args.find((argument) => argument instanceof AbortSignal);
    const callback = args.find(isCallback);
    const cancel = () => send({ cancel: id });
    return new Promise((resolve, reject) => {
      if (!socket.writable) return reject(new ControllerGoneError('the controller went away'));
      calls.set(id, { resolve, reject, onProgress: (value) => callback?.(value) });
      send({ id, method, params: args.map(sendArgument) });
      if (signal?.aborted) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
    }).finally(() => {
      calls.delete(id);
      signal?.removeEventListener('abort', cancel);
    });
  }

  function send(message: Request): void {
    if (socket.writable) socket.write(formatLine(message));
  }

  const methods = METHOD_NAMES.map((method) => [
    method,
    (...args: readonly unknown[]) => request(method, args),
  ]);
  return {
    // Each method passes its arguments on as they are, so the types of the API are those of the functions.
    ...(Object.fromEntries(methods) as Omit<ControllerApi, typeof Symbol.asyncDispose>),
    async [Symbol.asyncDispose]() {
      if (socket.closed) return;
      await new Promise<void>((resolve) => {
        socket.once('close', () => resolve());
        socket.destroy();
      });
    },
  };
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause) =>
      reject(new ControllerGoneError(`no controller answers at ${path}`, { cause })),
    );
  });
}

function isCallback(value: unknown): value is (value: unknown) => void {
  return typeof value === 'function';
}

function sendArgument(value: unknown): Argument {
  if (value === undefined) return { kind: 'absent' };
  if (isCallback(value)) return { kind: 'callback' };
  if (value instanceof AbortSignal) return { kind: 'signal' };
  return { kind: 'json', value };
}
