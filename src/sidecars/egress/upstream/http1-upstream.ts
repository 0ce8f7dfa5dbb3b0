import type { Socket } from 'node:net';
import type { BodyFraming } from '../http1/body-framing.ts';
import { BodyReader } from '../http1/body-reader.ts';
import { HeadBuffer } from '../http1/head-buffer.ts';
import { framingLine, headerText, MessageWriter } from '../http1/message-writer.ts';
import { parseResponseHead, type ResponseHead } from '../http1/response-head.ts';
import { isAccepted } from '../websocket/handshake.ts';
import type { UpstreamExchange, UpstreamListener, UpstreamRequest } from './upstream-exchange.ts';

const MAX_HEAD_BYTES = 262_144;
const MAX_INTERIM_ANSWERS = 32;
const KEPT_MS = 10_000;

/** One HTTP/1.1 connection to an upstream: one request at a time, then given back or ended. */
export class Http1Upstream implements UpstreamExchange {
  readonly #socket: Socket;
  readonly #writer: MessageWriter;
  readonly #onFree: (connection: Http1Upstream) => void;
  #head = new HeadBuffer(MAX_HEAD_BYTES);
  #listener: UpstreamListener | null = null;
  #request: UpstreamRequest | null = null;
  #answer: ResponseHead | null = null;
  #reader: BodyReader | null = null;
  #isSent = false;
  #uses = 0;
  #interimAnswers = 0;
  #isEnded = false;
  /** Until when it may be used again. */
  freeUntilMs = 0;

  constructor(socket: Socket, onFree: (connection: Http1Upstream) => void) {
    this.#socket = socket;
    this.#writer = new MessageWriter(socket);
    this.#onFree = onFree;
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  get isUsable(): boolean {
    return !this.#isEnded && this.#socket.writable;
  }

  send(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange {
    this.#uses += 1;
    this.#request = request;
    this.#listener = listener;
    this.#interimAnswers = 0;
    const { method, path, authority, headers, framing, isLast } = request;
    const upgrade =
      request.webSocketKey !== null ? 'connection: Upgrade\r\nupgrade: websocket\r\n' : '';
    this.#writer.begin(
      `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n${headerText(headers)}${requestFramingLine(framing, method)}${isLast ? 'connection: close\r\n' : ''}${upgrade}\r\n`,
      framing,
    );
    this.#isSent = framing.kind === 'none';
    if (this.#isSent) this.#writer.flush();
    return this;
  }

  leave(): void {
    this.abort();
  }

  write(chunk: Buffer, isSpent = false): boolean {
    return this.#isEnded ? true : this.#writer.write(chunk, isSpent);
  }

  end(trailers: readonly string[]): void {
    if (this.#isEnded || this.#isSent) return;
    this.#writer.end(trailers);
    this.#isSent = true;
  }

  flush(): void {
    if (!this.#isEnded) this.#writer.flush();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  abort(): void {
    this.#listener = null;
    this.#isEnded = true;
    this.#socket.destroy();
  }

  /** The handler of a socket: bytes that nobody asked for end the connection. */
  readonly #onData = (chunk: Buffer): void => {
    const listener = this.#listener;
    if (listener === null) {
      this.abort();
      return;
    }
    try {
      this.#take(chunk);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    listener.onPause();
  };

  #take(chunk: Buffer): void {
    let bytes = chunk;
    while (this.#reader === null) {
      const taken = this.#head.take(bytes);
      if (taken.kind === 'incomplete') return;
      if (taken.kind !== 'head') throw new Error('the upstream’s answer is not HTTP/1.1');
      const head = parseResponseHead(taken.text, this.#request?.method ?? '');
      if (head === null) throw new Error('the upstream’s answer has two readings');
      bytes = taken.rest;
      if (head.status === 101) {
        this.#upgrade(head, bytes);
        return;
      }
      if (head.status < 200) this.#inform(head);
      else this.#begin(head);
      if (head.status < 200 && bytes.length === 0) return;
    }
    const rest = this.#reader.hasEnded ? bytes : this.#reader.take(bytes);
    // An answer to a question that was not asked would be taken for that to the next one.
    if (rest.length > 0) this.#isEnded = true;
    if (this.#reader.hasEnded) this.#finish();
  }

  #inform(head: ResponseHead): void {
    this.#interimAnswers += 1;
    if (this.#interimAnswers > MAX_INTERIM_ANSWERS) throw new Error('too many interim answers');
    this.#listener?.onInform(head.status, head.headers);
  }

  #begin(head: ResponseHead): void {
    this.#answer = head;
    this.#reader = new BodyReader(head.framing, this.#bodyEvents, true);
    this.#listener?.onAnswer(head.status, head.headers, head.framing);
  }

  readonly #bodyEvents = {
    onData: (chunk: Buffer): void => this.#listener?.onData(chunk),
    onEnd: (trailers: readonly string[]): void => {
      this.#trailers = trailers;
    },
  };
  #trailers: readonly string[] = [];

  #finish(): void {
    const listener = this.#listener;
    const trailers = this.#trailers;
    this.#trailers = [];
    this.#listener = null;
    if (this.#isSent) this.#release();
    // The upstream has said all it wants to: what is left of the body is not for it.
    else this.abort();
    listener?.onEnd(trailers);
  }

  #release(): void {
    const answer = this.#answer;
    const isLast = this.#request?.isLast === true;
    this.#request = null;
    this.#answer = null;
    this.#reader = null;
    if (answer?.isKept !== true || this.#isEnded || isLast) {
      this.abort();
      return;
    }
    this.freeUntilMs = performance.now() + keptMs(answer.headers);
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#onFree(this);
  }

  #upgrade(head: ResponseHead, rest: Buffer): void {
    const listener = this.#listener;
    if (!isAccepted(this.#request?.webSocketKey ?? null, head.headers)) {
      throw new Error('an upgrade that was not asked for');
    }
    this.#listener = null;
    this.#isEnded = true;
    this.#socket.off('data', this.#onData).off('drain', this.#onDrain);
    this.#socket.off('error', this.#onError).off('close', this.#onClose);
    this.#socket.pause();
    listener?.onUpgrade(head.headers, { socket: this.#socket, head: rest });
  }

  readonly #onDrain = (): void => this.#listener?.onRoom();

  readonly #onError = (error: Error): void => this.#fail(error);

  readonly #onClose = (): void => {
    this.#isEnded = true;
    if (this.#reader?.close() === true) {
      this.#finish();
      return;
    }
    this.#fail(
      Object.assign(new Error('the upstream closed the connection'), { code: 'ECONNRESET' }),
    );
  };

  #fail(error: Error): void {
    const listener = this.#listener;
    const isUntouched = this.#answer === null && this.#interimAnswers === 0 && this.#head.isEmpty;
    this.abort();
    listener?.onFailure(error, this.#uses > 1 && isUntouched);
  }
}

/** How long a connection may wait: less than the upstream says it keeps it, where it says so. */
function keptMs(headers: readonly string[]): number {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name.length !== 10 || name.toLowerCase() !== 'keep-alive') continue;
    const seconds = /timeout=(\d{1,6})/i.exec(headers[index + 1] ?? '')?.[1];
    if (seconds !== undefined) return Math.min(KEPT_MS, Number(seconds) * 1000 - 1000);
  }
  return KEPT_MS;
}

function requestFramingLine(framing: BodyFraming, method: string): string {
  if (framing.kind === 'none') {
    return /^(?:POST|PUT|PATCH)$/.test(method) ? 'content-length: 0\r\n' : '';
  }
  return framing.kind === 'length' ? `content-length: ${framing.length}\r\n` : framingLine(framing);
}
