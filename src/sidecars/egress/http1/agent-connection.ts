import type { Socket } from 'node:net';
import type { Limits } from '../limits.ts';
import type { TunnelIdentity } from '../read-request.ts';
import { HeadBuffer } from './head-buffer.ts';
import { type ExchangeHost, Http1Exchange } from './http1-exchange.ts';
import { MessageWriter } from './message-writer.ts';
import { type BadRequestHead, parseRequestHead, type RequestHead } from './request-head.ts';

export interface AgentConnectionOptions {
  readonly tunnel: TunnelIdentity | null;
  readonly limits: Limits;
  readonly onExchange: (exchange: Http1Exchange) => void;
  /** A CONNECT: the socket is given up to whoever takes it. */
  readonly onConnect: (head: RequestHead, socket: Socket, rest: Buffer) => void;
  /** A head that cannot be read, as far as it is known; what is given is sent as the last answer. */
  readonly answerTo: (bad: BadRequestHead) => string;
}

const NOTHING = Buffer.alloc(0);

/**
 * One HTTP/1.1 connection of the agent, plain or inside TLS: heads are read strictly, one exchange at a time. What is
 * sent ahead waits in here, and with more than a little of it the socket waits too.
 */
export class AgentConnection {
  readonly #options: AgentConnectionOptions;
  readonly #socket: Socket;
  readonly #head: HeadBuffer;
  readonly #host: ExchangeHost;
  #ahead: Buffer = NOTHING;
  #exchange: Http1Exchange | null = null;
  #isTaking = false;
  #isOver = false;
  /** When the head that is being read began, and when the connection last had nothing to do. */
  #headSinceMs = 0;
  #idleSinceMs: number;

  constructor(socket: Socket, options: AgentConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#head = new HeadBuffer(options.limits.headBytes);
    this.#host = {
      socket,
      writer: new MessageWriter(socket),
      tunnel: options.tunnel,
      startBody: () => this.#feed(),
      takeOver: () => this.#takeOver(),
      onDone: (isKept) => this.#done(isKept),
    };
    this.#idleSinceMs = performance.now();
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('close', this.#onClose);
    socket.on('error', this.#onError);
  }

  /** Ends what takes longer than it may; to be called now and then. */
  checkTime(nowMs: number): void {
    const { limits } = this.#options;
    if (this.#isOver) return;
    if (this.#exchange !== null) {
      if (nowMs - this.#exchange.movedAtMs > limits.silentMs) this.#socket.destroy();
    } else if (!this.#head.isEmpty) {
      if (nowMs - this.#headSinceMs > limits.headMs) {
        this.#refuse({ status: 408, problem: `the head took longer than ${limits.headMs} ms` });
      }
    } else if (nowMs - this.#idleSinceMs > limits.idleMs) {
      this.#socket.destroy();
    }
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#isOver) return;
    const exchange = this.#exchange;
    if (exchange?.isReadingBody === true && this.#ahead.length === 0) {
      this.#ahead = exchange.takeBody(chunk);
      if (this.#ahead.length > 0) this.#next();
      return;
    }
    this.#ahead = this.#ahead.length === 0 ? chunk : Buffer.concat([this.#ahead, chunk]);
    if (exchange === null) this.#next();
    else if (this.#ahead.length > this.#options.limits.headBytes) this.#socket.pause();
  };

  readonly #onDrain = (): void => this.#exchange?.listener?.onDrain();

  readonly #onClose = (): void => {
    this.#isOver = true;
    this.#exchange?.connectionClosed();
    this.#exchange = null;
  };

  readonly #onError = (): void => {
    this.#socket.destroy();
  };

  /** Reads heads from what has come, as long as each exchange ends at once. */
  #next(): void {
    if (this.#isTaking) return;
    this.#isTaking = true;
    while (!this.#isOver && this.#ahead.length > 0 && this.#exchange === null) this.#takeHead();
    this.#isTaking = false;
  }

  #takeHead(): void {
    const bytes = this.#ahead;
    this.#ahead = NOTHING;
    if (this.#head.isEmpty) this.#headSinceMs = performance.now();
    const taken = this.#head.take(bytes);
    switch (taken.kind) {
      case 'incomplete':
        return;
      case 'too-long':
        this.#refuse({
          status: 431,
          problem: `the head is longer than ${this.#options.limits.headBytes} bytes`,
        });
        return;
      case 'bare-line-feed':
        this.#refuse({ status: 400, problem: 'a line does not end in CR LF' });
        return;
      case 'head':
        this.#begin(taken.text, taken.rest);
    }
  }

  #begin(text: string, rest: Buffer): void {
    const parsed = parseRequestHead(text, this.#options.limits);
    if (!parsed.ok) {
      this.#refuse(parsed);
      return;
    }
    if (parsed.head.method === 'CONNECT') {
      this.#giveUp();
      this.#options.onConnect(parsed.head, this.#socket, rest);
      return;
    }
    this.#ahead = rest;
    const exchange = new Http1Exchange(parsed.head, this.#host);
    this.#exchange = exchange;
    this.#options.onExchange(exchange);
  }

  /** The body may come: first what has already. */
  #feed(): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    const bytes = this.#ahead;
    this.#ahead = NOTHING;
    if (bytes.length > 0) this.#ahead = exchange.takeBody(bytes);
    if (this.#exchange === null) this.#next();
    else this.#socket.resume();
  }

  #done(isKept: boolean): void {
    this.#exchange = null;
    if (!isKept) {
      this.#isOver = true;
      this.#socket.end();
      // Whoever does not close its side is not waited for.
      this.#socket.setTimeout(1000, () => this.#socket.destroy());
      this.#socket.resume();
      return;
    }
    this.#idleSinceMs = performance.now();
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#next();
  }

  #takeOver(): Buffer {
    const rest = this.#ahead;
    this.#giveUp();
    return rest;
  }

  #giveUp(): void {
    this.#isOver = true;
    this.#exchange = null;
    this.#socket.off('data', this.#onData);
    this.#socket.off('drain', this.#onDrain);
    this.#socket.off('close', this.#onClose);
  }

  #refuse(bad: BadRequestHead): void {
    this.#isOver = true;
    this.#socket.end(this.#options.answerTo(bad), 'latin1');
    this.#socket.setTimeout(1000, () => this.#socket.destroy());
  }
}
