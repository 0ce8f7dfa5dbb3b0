import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { AgentExchange, AgentListener, BareConnection, BodySink } from '../exchange.ts';
import type { TunnelIdentity } from '../read-request.ts';
import type { BodyFraming } from './body-framing.ts';
import { type BodyEvents, BodyReader } from './body-reader.ts';
import { framingLine, headerText, type MessageWriter } from './message-writer.ts';
import type { RequestHead } from './request-head.ts';
import { saysClose } from './response-head.ts';

/** What the connection does for its exchanges, one after the other. */
export interface ExchangeHost {
  readonly socket: Socket;
  readonly writer: MessageWriter;
  readonly tunnel: TunnelIdentity | null;
  readonly startBody: () => void;
  /** Gives the connection up, with what was read of it and not used. */
  readonly takeOver: () => Buffer;
  readonly onDone: (isKept: boolean) => void;
}

const THROWN_AWAY: BodySink = { write: () => true, end: () => undefined };

/** One request on an HTTP/1.1 connection. */
export class Http1Exchange implements AgentExchange, BodyEvents {
  readonly request: RequestHead;
  readonly isHttp2 = false;
  listener: AgentListener | null = null;
  movedAtMs = performance.now();
  readonly #host: ExchangeHost;
  readonly #writer: MessageWriter;
  #sink: BodySink | null = null;
  #reader: BodyReader | null = null;
  #isBodyDone: boolean;
  #isAnswered = false;
  #isOver = false;
  #isContinued = false;
  #hasBodyBegun = false;
  #isKept: boolean;

  constructor(request: RequestHead, host: ExchangeHost) {
    this.request = request;
    this.#host = host;
    this.#writer = host.writer;
    this.#isBodyDone = request.framing.kind === 'none';
    this.#isKept = request.minorVersion === 1 && !saysClose(request.headers);
  }

  get tunnel(): TunnelIdentity | null {
    return this.#host.tunnel;
  }

  get framing(): BodyFraming {
    return this.request.framing;
  }

  get isGone(): boolean {
    return this.#isOver || this.#host.socket.destroyed;
  }

  get expectsContinue(): boolean {
    if (this.#isBodyDone) return false;
    const { headers } = this.request;
    for (let index = 0; index < headers.length; index += 2) {
      const name = headers[index] ?? '';
      if (name.length !== 6 || name.toLowerCase() !== 'expect') continue;
      if (headers[index + 1]?.toLowerCase() === '100-continue') return true;
    }
    return false;
  }

  get isReadingBody(): boolean {
    return this.#sink !== null && !this.#isBodyDone;
  }

  readBody(sink: BodySink): void {
    this.#sink = sink;
    if (this.#isBodyDone) {
      sink.end([]);
      return;
    }
    this.#reader = new BodyReader(this.request.framing, this, false);
    this.#host.startBody();
  }

  /** Bytes of the connection while the body is read; gives those behind its end. */
  takeBody(chunk: Buffer): Buffer {
    this.movedAtMs = performance.now();
    this.#hasBodyBegun = true;
    try {
      return this.#reader?.take(chunk) ?? chunk;
    } catch {
      this.#host.socket.destroy();
      return Buffer.alloc(0);
    }
  }

  pauseBody(): void {
    this.#host.socket.pause();
  }

  resumeBody(): void {
    this.#host.socket.resume();
  }

  discardBody(): void {
    const isNew = this.#sink === null;
    this.#sink = THROWN_AWAY;
    if (isNew) this.readBody(THROWN_AWAY);
    else this.#host.socket.resume();
  }

  inform(status: number, headers: readonly string[]): void {
    if (this.request.minorVersion === 0) return;
    if (status === 100) this.#isContinued = true;
    this.#host.socket.write(`${statusLine(status)}${headerText(headers)}\r\n`, 'latin1');
  }

  respond(status: number, headers: readonly string[], framing: BodyFraming): void {
    this.movedAtMs = performance.now();
    const isOldClient = framing.kind === 'chunked' && this.request.minorVersion === 0;
    const isUnframed = framing.kind === 'close' && this.request.minorVersion === 0;
    // What ends with the upstream's connection is framed anew, so that the agent's can stay.
    const sent: BodyFraming =
      isOldClient || isUnframed
        ? { kind: 'close' }
        : framing.kind === 'close'
          ? { kind: 'chunked' }
          : framing;
    // A client that was never told to continue may or may not send its body: the connection is spent.
    const isWaiting = this.expectsContinue && !this.#isContinued && !this.#hasBodyBegun;
    if (sent.kind === 'close' || isWaiting) this.#isKept = false;
    const close = this.#isKept ? '' : 'connection: close\r\n';
    this.#writer.begin(
      `${statusLine(status)}${headerText(headers)}${framingLine(sent)}${close}\r\n`,
      sent,
    );
  }

  write(chunk: Buffer, isSpent = false): boolean {
    this.movedAtMs = performance.now();
    return this.#writer.write(chunk, isSpent);
  }

  flush(): void {
    this.#writer.flush();
  }

  end(trailers: readonly string[]): void {
    this.#writer.end(trailers);
    this.#isAnswered = true;
    this.listener = null;
    if (this.#isBodyDone || !this.#isKept) {
      this.#finish();
      return;
    }
    // The answer came before the whole body: the rest goes nowhere.
    this.discardBody();
  }

  upgrade(headers: readonly string[]): BareConnection | null {
    const { socket } = this.#host;
    const head = this.#host.takeOver();
    this.#isOver = true;
    socket.write(`${statusLine(101)}${headerText(headers)}\r\n`, 'latin1');
    return { socket, head };
  }

  cut(): void {
    this.#host.socket.destroy();
  }

  connectionClosed(): void {
    this.#isOver = true;
    const { listener } = this;
    this.listener = null;
    listener?.onGone();
  }

  // What the reader of the body finds.

  onData(chunk: Buffer): void {
    if (this.#sink?.write(chunk) === false) this.#host.socket.pause();
  }

  onEnd(trailers: readonly string[]): void {
    this.#isBodyDone = true;
    this.#sink?.end(trailers);
    if (this.#isAnswered) this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#host.onDone(this.#isKept);
  }
}

const STATUS_LINES = new Map(
  Object.entries(STATUS_CODES).map(([code, text]) => [
    Number(code),
    `HTTP/1.1 ${code} ${text}\r\n`,
  ]),
);

function statusLine(status: number): string {
  return STATUS_LINES.get(status) ?? `HTTP/1.1 ${status} Unknown\r\n`;
}
