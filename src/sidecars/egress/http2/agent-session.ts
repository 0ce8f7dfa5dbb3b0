import type { ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { AgentExchange } from '../exchange.ts';
import type { Limits } from '../limits.ts';
import type { TunnelIdentity } from '../read-request.ts';
import { Http2Exchange } from './http2-exchange.ts';
import { constants, performServerHandshake } from './node-http2.ts';

export interface AgentSessionOptions {
  readonly tunnel: TunnelIdentity;
  readonly limits: Limits;
  readonly onExchange: (exchange: AgentExchange) => void;
}

const MAX_REJECTED_STREAMS = 100;
const MAX_INVALID_FRAMES = 20;

/**
 * Reads requests from one HTTP/2 connection of the agent. Every stream is an exchange of its own, held to the authority
 * of the tunnel. Floods of frames that cost the agent nothing end the connection.
 */
export function takeHttp2(socket: TLSSocket, options: AgentSessionOptions): void {
  const { tunnel, limits } = options;
  const session = performServerHandshake(socket, {
    settings: {
      maxConcurrentStreams: limits.streams,
      maxHeaderListSize: limits.headBytes,
      initialWindowSize: 262_144,
      enableConnectProtocol: false,
    },
    strictSingleValueFields: false,
    maxHeaderListPairs: limits.headerLines + PSEUDO_HEADERS,
    maxSendHeaderBlockLength: 262_144,
    maxSessionRejectedStreams: MAX_REJECTED_STREAMS,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    maxSessionMemory: 32,
    maxOutstandingPings: 4,
    streamResetBurst: limits.controlFramesPerSecond,
    streamResetRate: limits.controlFramesPerSecond,
  });
  const flood = new FloodGuard(limits.controlFramesPerSecond, () =>
    session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM),
  );
  session.on('ping', () => flood.count());
  session.on('remoteSettings', () => flood.count());
  session.on('error', () => socket.destroy());
  session.on('stream', (stream, _headers, _flags, rawHeaders) => {
    // Also those that never become an exchange end with an error.
    stream.on('error', () => undefined);
    // Asked for and taken back costs the agent nothing.
    if (stream.destroyed) {
      flood.count();
      return;
    }
    stream.once('aborted', () => flood.count());
    stream.setTimeout(limits.silentMs, () => stream.close(constants.NGHTTP2_CANCEL));
    const exchange = Http2Exchange.of(stream, rawHeaders, tunnel);
    if (exchange === null) {
      flood.count();
      stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
    } else options.onExchange(exchange);
  });
  closeWhenIdle(session, limits.idleMs);
}

const PSEUDO_HEADERS = 4;

class FloodGuard {
  readonly #perSecond: number;
  readonly #onFlood: () => void;
  #sinceMs = 0;
  #count = 0;

  constructor(perSecond: number, onFlood: () => void) {
    this.#perSecond = perSecond;
    this.#onFlood = onFlood;
  }

  count(): void {
    const nowMs = performance.now();
    if (nowMs - this.#sinceMs > 1000) {
      this.#sinceMs = nowMs;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count === this.#perSecond) this.#onFlood();
  }
}

/** Ends a connection on which nothing moves and no stream is open. */
function closeWhenIdle(session: ServerHttp2Session, idleMs: number): void {
  let streams = 0;
  session.on('stream', (stream) => {
    streams += 1;
    stream.once('close', () => {
      streams -= 1;
    });
  });
  session.setTimeout(idleMs, () => {
    if (streams === 0) session.close();
  });
}
