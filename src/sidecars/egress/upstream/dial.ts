import { connect, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import type { UpstreamProxy } from '../../../model/sidecar.ts';
import { HeadBuffer } from '../http1/head-buffer.ts';
import { parseResponseHead } from '../http1/response-head.ts';

export interface Dialled {
  readonly host: string;
  readonly port: number;
  /** The address that was checked; null where the proxy behind this one resolves names. */
  readonly address: string | null;
  readonly proxy: UpstreamProxy | null;
  readonly tls: DialledTls | null;
}

interface DialledTls {
  readonly context: SecureContext;
  readonly protocols: readonly string[];
  /** Of a connection before, so that this one is cheaper to make. */
  readonly session: Buffer | undefined;
  readonly onSession: (session: Buffer) => void;
}

const TIMEOUT_MS = 15_000;
const MAX_PROXY_HEAD_BYTES = 16_384;

/** Opens a connection: to the address, or through the proxy with CONNECT; with TLS verified for the host. Bounded. */
export async function dial(target: Dialled): Promise<Socket> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const plain =
    target.proxy === null
      ? await open(target.address ?? target.host, target.port, signal)
      : await openThrough(target.proxy, target, signal);
  return target.tls === null ? plain : secure(plain, target.host, target.tls, signal);
}

function open(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true, keepAlive: true });
  return settled(socket, 'connect', signal);
}

async function openThrough(
  proxy: UpstreamProxy,
  { host, port }: Dialled,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = await open(proxy.host, proxy.port, signal);
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const head = new HeadBuffer(MAX_PROXY_HEAD_BYTES);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const take = (chunk: Buffer): void => {
    const taken = head.take(chunk);
    if (taken.kind === 'incomplete') return;
    const answer = taken.kind === 'head' ? parseResponseHead(taken.text, 'HEAD') : null;
    if (answer?.status === 200 && taken.kind === 'head' && taken.rest.length === 0) resolve();
    else reject(refusedByProxy(answer?.status));
  };
  const gone = (): void => reject(refusedByProxy(undefined));
  socket.on('data', take).once('close', gone).on('error', gone);
  signal.addEventListener('abort', gone, { once: true });
  try {
    await promise;
    socket.pause();
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', gone);
    socket.off('data', take).off('close', gone).off('error', gone);
  }
}

function secure(
  socket: Socket,
  host: string,
  { context, protocols, session, onSession }: DialledTls,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const isName = !/^[\d.]+$|:/.test(host);
  const tls = connectTls({
    socket,
    host,
    ...(isName ? { servername: host } : {}),
    secureContext: context,
    ALPNProtocols: [...protocols],
    ...(session === undefined ? {} : { session }),
  });
  tls.on('session', onSession);
  return settled(tls, 'secureConnect', signal);
}

/** Waits for the event; whatever else happens first ends the socket and is thrown. */
async function settled<Opened extends Socket>(
  socket: Opened,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<Opened> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = (): void => reject(failed('ETIMEDOUT', 'connecting took too long'));
  const closed = (): void => reject(failed('ECONNRESET', 'the connection was closed'));
  socket.once(event, resolve).once('error', reject).once('close', closed);
  // Also when nobody waits for it any more, or not yet: its end tells as much.
  socket.on('error', () => undefined);
  signal.addEventListener('abort', late, { once: true });
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', late);
    socket.off(event, resolve).off('error', reject).off('close', closed);
  }
}

function refusedByProxy(status: number | undefined): Error {
  return failed(
    status === undefined ? 'EPROXY' : `EPROXY_${status}`,
    `the upstream proxy answered CONNECT with ${status ?? 'nothing that is HTTP'}`,
  );
}

function failed(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
