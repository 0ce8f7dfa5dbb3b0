import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Dispatcher } from 'undici';
import { HOP_BY_HOP } from './request-headers.ts';

/** One allowed request on its way. */
export interface Forwarding {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly pool: Dispatcher;
  readonly path: string;
  readonly headers: readonly string[];
  /** The upstream could not be reached or broke off before it answered. */
  readonly onUnreachable: (error: Error) => void;
}

/**
 * Sends the request and streams the answer back, each side only as fast as the other takes it. Gives a function that
 * ends both sides at once.
 */
export function forward(forwarding: Forwarding): () => void {
  const { incoming, outgoing } = forwarding;
  const body = bodyOf(incoming);
  const answer = new UpstreamAnswer(forwarding, body);
  outgoing.once('close', () => answer.abandon());
  answer.send();
  return () => {
    answer.abandon();
    incoming.socket.destroy();
  };
}

class UpstreamAnswer implements Dispatcher.DispatchHandler {
  readonly #forwarding: Forwarding;
  readonly #body: PassThrough | null;
  #controller: Dispatcher.DispatchController | null = null;
  #mayRetry: boolean;
  #ended = false;

  constructor(forwarding: Forwarding, body: PassThrough | null) {
    this.#forwarding = forwarding;
    this.#body = body;
    this.#mayRetry =
      body === null && /^(?:GET|HEAD|OPTIONS)$/.test(forwarding.incoming.method ?? '');
  }

  send(): void {
    const { pool, incoming, path, headers } = this.#forwarding;
    const method = incoming.method ?? 'GET';
    pool.dispatch({ method, path, headers: [...headers], body: this.#body }, this);
  }

  /** Ends the upstream side; nothing happens where it has ended. */
  abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#body?.destroy();
    this.#controller?.abort(new Error('the client is gone'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(new Error('the client is gone'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: { readonly [name: string]: string | readonly string[] | undefined },
  ): void {
    if (statusCode < 200) return;
    this.#mayRetry = false;
    this.#forwarding.outgoing.writeHead(statusCode, inboundHeaders(headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#forwarding.outgoing.write(chunk)) return;
    controller.pause();
    this.#forwarding.outgoing.once('drain', () => controller.resume());
  }

  onResponseEnd(
    _controller: Dispatcher.DispatchController,
    trailers: { readonly [name: string]: string | readonly string[] | undefined },
  ): void {
    const { incoming, outgoing } = this.#forwarding;
    const sent = Object.entries(trailers ?? {}).map(
      ([name, value]) => [name, String(value)] as const,
    );
    if (sent.length > 0) outgoing.addTrailers(Object.fromEntries(sent));
    this.#ended = true;
    outgoing.end();
    if (incoming.complete) return;
    // The upstream answered before it had the whole body: the rest goes nowhere.
    incoming.unpipe();
    incoming.resume();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#ended) return;
    if (this.#mayRetry && isLostConnection(error)) {
      this.#mayRetry = false;
      this.send();
      return;
    }
    this.#ended = true;
    const { outgoing, incoming } = this.#forwarding;
    if (outgoing.headersSent) outgoing.destroy();
    else this.#forwarding.onUnreachable(error);
    incoming.unpipe();
    incoming.resume();
  }
}

/** A body is piped through a stream of its own: undici destroys what it is given, and that must not be the agent's socket. */
function bodyOf(incoming: IncomingMessage): PassThrough | null {
  const { 'content-length': length, 'transfer-encoding': coding } = incoming.headers;
  if (coding === undefined && (length === undefined || length === '0')) return null;
  const body = new PassThrough();
  body.on('error', () => undefined);
  incoming.on('error', () => body.destroy());
  incoming.pipe(body);
  return body;
}

function inboundHeaders(headers: {
  readonly [name: string]: string | readonly string[] | undefined;
}): { [name: string]: string | string[] } {
  const kept: { [name: string]: string | string[] } = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    // The agent cannot use another protocol or port that the upstream offers.
    if (value === undefined || name === 'alt-svc') continue;
    if (HOP_BY_HOP.has(name)) continue;
    kept[name] = typeof value === 'string' ? value : [...value];
  }
  return kept;
}

/** A kept connection that the upstream closed while the request was on its way to it. */
function isLostConnection(error: Error): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(
    (error as Error & { readonly code?: string }).code ?? '',
  );
}
