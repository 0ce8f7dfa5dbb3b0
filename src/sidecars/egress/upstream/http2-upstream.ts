import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from 'node:http2';
import type { Socket } from 'node:net';
import { CHUNKED, NO_BODY } from '../http1/body-framing.ts';
import { flatHeaders, headerObject } from '../http2/header-object.ts';
import { connect, constants, sensitiveHeaders } from '../http2/node-http2.ts';
import type {
  UpstreamConnection,
  UpstreamExchange,
  UpstreamListener,
  UpstreamRequest,
} from './upstream-exchange.ts';

const DEFAULT_STREAMS = 100;
const MAX_INTERIM_ANSWERS = 32;
const OPTIONS = {
  settings: { enablePush: false, initialWindowSize: 1_048_576 },
  maxSessionMemory: 64,
  // What the agent sends twice goes on twice, as over HTTP/1.1.
  strictSingleValueFields: false,
};

/** One HTTP/2 connection to an upstream, shared by as many requests as it takes. */
export class Http2Upstream implements UpstreamConnection {
  readonly #session: ClientHttp2Session;
  #streams = 0;
  #isRetired = false;

  constructor(socket: Socket, onEnd: (session: Http2Upstream) => void) {
    this.#session = connect('https://upstream', {
      createConnection: () => socket,
      ...OPTIONS,
    });
    this.#session.on('error', () => this.retire());
    this.#session.once('goaway', () => this.retire());
    this.#session.once('close', () => onEnd(this));
  }

  get hasRoom(): boolean {
    const { closed, destroyed, remoteSettings } = this.#session;
    if (this.#isRetired || closed || destroyed) return false;
    return this.#streams < (remoteSettings?.maxConcurrentStreams ?? DEFAULT_STREAMS);
  }

  get isIdle(): boolean {
    return this.#streams === 0;
  }

  send(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    const { method, path, scheme, authority, headers, framing } = request;
    const stream = this.#session.request(
      {
        ':method': method,
        ':scheme': scheme,
        ':authority': authority,
        ':path': path,
        ...headerObject(headers),
        ...(framing.kind === 'length' ? { 'content-length': String(framing.length) } : {}),
        te: 'trailers',
        // Kept out of the table that the peer could guess at.
        [sensitiveHeaders]: ['authorization', 'cookie'],
      },
      { endStream: framing.kind === 'none', waitForTrailers: framing.kind !== 'none' },
    );
    this.#streams += 1;
    stream.once('close', () => {
      this.#streams -= 1;
      if (this.#isRetired && this.#streams === 0) this.#session.close();
    });
    return new Http2UpstreamExchange(stream, method, listener);
  }

  leave(): void {
    // Others share it; it ends when nothing used it for a while.
  }

  /** Takes no new requests, and ends after the last of those it has. */
  retire(): void {
    this.#isRetired = true;
    if (this.#streams === 0) this.#session.close();
  }
}

class Http2UpstreamExchange implements UpstreamExchange {
  readonly #stream: ClientHttp2Stream;
  #listener: UpstreamListener | null;
  #trailers: readonly string[] = [];
  #ownTrailers: readonly string[] = [];
  #hasAnswered = false;
  #interimAnswers = 0;

  constructor(stream: ClientHttp2Stream, method: string, listener: UpstreamListener) {
    this.#stream = stream;
    this.#listener = listener;
    stream.on('continue', () => this.#inform(100, []));
    stream.on('headers', (headers) => {
      const status = headers[':status'] ?? 0;
      if (status > 100 && status < 200) this.#inform(status, flatHeaders(headers));
    });
    stream.once('response', (headers) => this.#tell(() => this.#answer(headers, method)));
    stream.on('data', (chunk: Buffer) => this.#listener?.onData(chunk));
    stream.once('trailers', (trailers) => {
      this.#trailers = flatHeaders(trailers);
    });
    stream.once('end', () => this.#end());
    stream.on('drain', () => this.#listener?.onRoom());
    stream.on('wantTrailers', () => stream.sendTrailers(headerObject(this.#ownTrailers)));
    stream.on('error', (error) => this.#fail(error));
    stream.once('close', () => this.#fail(new Error('the upstream ended the stream')));
  }

  write(chunk: Buffer): boolean {
    return this.#stream.writable ? this.#stream.write(chunk) : true;
  }

  end(trailers: readonly string[]): void {
    this.#ownTrailers = trailers;
    if (this.#stream.writable) this.#stream.end();
  }

  flush(): void {
    // Frames leave at once.
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  abort(): void {
    this.#listener = null;
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #inform(status: number, headers: readonly string[]): void {
    this.#interimAnswers += 1;
    this.#tell((listener) => {
      if (this.#interimAnswers > MAX_INTERIM_ANSWERS) throw new Error('too many interim answers');
      listener.onInform(status, headers);
    });
  }

  /** What cannot be told to the agent ends the exchange. */
  #tell(deed: (listener: UpstreamListener) => void): void {
    const listener = this.#listener;
    if (listener === null) return;
    try {
      deed(listener);
    } catch (error) {
      this.abort();
      listener.onFailure(error as Error, false);
    }
  }

  #answer(headers: IncomingHttpHeaders & IncomingHttpStatusHeader, method: string): void {
    const status = headers[':status'] ?? 0;
    const length = Number(headers['content-length'] ?? Number.NaN);
    const isBare = method === 'HEAD' || status === 204 || status === 304;
    this.#hasAnswered = true;
    const framing =
      isBare || length === 0 ? NO_BODY : length > 0 ? { kind: 'length' as const, length } : CHUNKED;
    this.#listener?.onAnswer(status, flatHeaders(headers), framing);
    this.#listener?.onPause();
  }

  #end(): void {
    if (!this.#hasAnswered) return;
    const listener = this.#listener;
    this.#listener = null;
    listener?.onEnd(this.#trailers);
    // What is left of the body is not for the upstream any more.
    if (!this.#stream.writableEnded) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #fail(error: Error): void {
    const listener = this.#listener;
    this.#listener = null;
    listener?.onFailure(error, false);
  }
}
