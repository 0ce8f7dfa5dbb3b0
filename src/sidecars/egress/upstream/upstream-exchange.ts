import type { BareConnection, BodySink } from '../exchange.ts';
import type { BodyFraming } from '../http1/body-framing.ts';

/** A request as it is sent on. */
export interface UpstreamRequest {
  readonly scheme: 'http' | 'https';
  /** As `Host` says it. */
  readonly authority: string;
  readonly method: string;
  readonly path: string;
  /** Name, value, name, value; without `Host` and without what frames the message. */
  readonly headers: readonly string[];
  readonly framing: BodyFraming;
  /**
   * The connection carries nothing after it: what an upstream takes for another request behind this one is not answered
   * on it, and whoever keeps to the protocol does not read it.
   */
  readonly isLast: boolean;
  /** Asks for a WebSocket, with this key. */
  readonly webSocketKey: string | null;
}

/** Told of what an upstream answers, in this order. */
export interface UpstreamListener {
  onInform(status: number, headers: readonly string[]): void;
  onAnswer(status: number, headers: readonly string[], framing: BodyFraming): void;
  onData(chunk: Buffer): void;
  onEnd(trailers: readonly string[]): void;
  /** All that has come so far was told. */
  onPause(): void;
  /** The upstream took the upgrade: from here on the connection is bare. */
  onUpgrade(headers: readonly string[], connection: BareConnection): void;
  /** It has room for more of the body. */
  onRoom(): void;
  /** The connection was lost; `mayRetry`: it was an old one, and nothing of an answer had come. */
  onFailure(error: Error, mayRetry: boolean): void;
}

/** One request on its way to an upstream. */
export interface UpstreamExchange extends BodySink {
  /** Sends the head where no body has taken it along yet. */
  flush(): void;
  /** Stops the answer from coming, until `resume`. */
  pause(): void;
  resume(): void;
  abort(): void;
}

/** A connection on which a request can be sent. */
export interface UpstreamConnection {
  send(request: UpstreamRequest, listener: UpstreamListener): UpstreamExchange;
  /** Whoever wanted it is gone, and has sent nothing. */
  leave(): void;
}
