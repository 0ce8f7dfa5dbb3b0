import type { ServerHttp2Stream } from 'node:http2';
import type { AgentExchange, AgentListener, BodySink } from '../exchange.ts';
import { type BodyFraming, CHUNKED, NO_BODY } from '../http1/body-framing.ts';
import type { RawRequest, TunnelIdentity } from '../read-request.ts';
import { flatHeaders, headerObject, lowerCased } from './header-object.ts';
import { constants } from './node-http2.ts';
import { requestOf } from './request-of.ts';

/** One stream of an HTTP/2 connection. */
export class Http2Exchange implements AgentExchange {
  readonly request: RawRequest;
  readonly tunnel: TunnelIdentity;
  readonly framing: BodyFraming;
  readonly isHttp2 = true;
  listener: AgentListener | null = null;
  readonly #stream: ServerHttp2Stream;
  #trailersIn: readonly string[] = [];
  #trailersOut: readonly string[] = [];

  private constructor(stream: ServerHttp2Stream, request: RawRequest, tunnel: TunnelIdentity) {
    this.#stream = stream;
    this.request = request;
    this.tunnel = tunnel;
    this.framing = framingOf(stream, request.headers);
    stream.on('drain', () => this.listener?.onDrain());
    stream.once('close', () => {
      const { listener } = this;
      this.listener = null;
      listener?.onGone();
    });
    stream.once('wantTrailers', () => stream.sendTrailers(headerObject(this.#trailersOut)));
  }

  /** Null where the headers are not those of one plain request. */
  static of(
    stream: ServerHttp2Stream,
    rawHeaders: readonly string[],
    tunnel: TunnelIdentity,
  ): Http2Exchange | null {
    const request = requestOf(rawHeaders);
    return request === null ? null : new Http2Exchange(stream, request, tunnel);
  }

  /** Before its `close` too: a stream that was reset in peace waits for its last bytes to be read. */
  get isGone(): boolean {
    return this.#stream.closed || this.#stream.destroyed;
  }

  get expectsContinue(): boolean {
    return this.request.headers.some(
      (text, index) => index % 2 === 0 && text === 'expect' && this.framing.kind !== 'none',
    );
  }

  readBody(sink: BodySink): void {
    if (this.framing.kind === 'none') {
      sink.end([]);
      return;
    }
    const stream = this.#stream;
    stream.once('trailers', (trailers) => {
      this.#trailersIn = flatHeaders(trailers);
    });
    stream.once('end', () => sink.end(this.#trailersIn));
    stream.on('data', (chunk: Buffer) => {
      if (!sink.write(chunk)) stream.pause();
    });
  }

  pauseBody(): void {
    this.#stream.pause();
  }

  resumeBody(): void {
    this.#stream.resume();
  }

  discardBody(): void {
    this.#stream.removeAllListeners('data');
    this.#stream.resume();
  }

  inform(status: number, headers: readonly string[]): void {
    if (this.isGone || this.#stream.headersSent) return;
    this.#stream.additionalHeaders({ ':status': status, ...headerObject(headers) });
  }

  respond(status: number, headers: readonly string[], framing: BodyFraming): void {
    if (this.isGone || this.#stream.headersSent) return;
    const endStream = framing.kind === 'none';
    this.#stream.respond([':status', String(status), ...lowerCased(headers)], {
      endStream,
      waitForTrailers: !endStream,
    });
  }

  write(chunk: Buffer): boolean {
    return this.#stream.writable ? this.#stream.write(chunk) : true;
  }

  flush(): void {
    // Frames leave at once.
  }

  end(trailers: readonly string[]): void {
    this.#trailersOut = trailers;
    this.listener = null;
    if (this.#stream.writable) this.#stream.end();
    // The agent learns that the rest of its body is not wanted, and may send it all the same.
    if (this.framing.kind !== 'none' && !this.#stream.readableEnded) this.discardBody();
  }

  upgrade(): null {
    return null;
  }

  cut(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }
}

function framingOf(stream: ServerHttp2Stream, headers: readonly string[]): BodyFraming {
  if (stream.endAfterHeaders || stream.readableEnded) return NO_BODY;
  const index = headers.findIndex((text, at) => at % 2 === 0 && text === 'content-length');
  const length = index === -1 ? Number.NaN : Number(headers[index + 1]);
  return Number.isSafeInteger(length) && length > 0 ? { kind: 'length', length } : CHUNKED;
}
