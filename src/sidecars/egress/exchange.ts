import type { Socket } from 'node:net';
import type { BodyFraming } from './http1/body-framing.ts';
import type { RawRequest, TunnelIdentity } from './read-request.ts';

/** Takes a body piece by piece. */
export interface BodySink {
  /**
   * False: the source has to wait until it is told to go on. `isSpent`: nobody looks at the chunk again, so that its
   * memory may be given back once it was sent.
   */
  write(chunk: Buffer, isSpent?: boolean): boolean;
  end(trailers: readonly string[]): void;
}

/** A connection that carries bytes of another protocol from now on, with those that had already come. */
export interface BareConnection {
  readonly socket: Socket;
  readonly head: Buffer;
}

/** What an exchange tells whoever answers it. */
export interface AgentListener {
  /** The client is gone, or broke the framing of its body: nothing can be answered any more. */
  onGone(): void;
  /** What was written has left: more may come. */
  onDrain(): void;
}

/** One request of the agent and the answer to be given to it, whatever protocol it came by. */
export interface AgentExchange {
  readonly request: RawRequest;
  readonly tunnel: TunnelIdentity | null;
  readonly framing: BodyFraming;
  /** The client waits for 100 before it sends the body. */
  readonly expectsContinue: boolean;
  readonly isHttp2: boolean;
  readonly isGone: boolean;
  listener: AgentListener | null;

  /** Lets the body come. Before that, none of it is taken from the connection. */
  readBody(sink: BodySink): void;
  pauseBody(): void;
  resumeBody(): void;
  /** Reads and throws away what is left of the body. */
  discardBody(): void;

  /** An interim answer. */
  inform(status: number, headers: readonly string[]): void;
  /** The head of the answer; it leaves with the first bytes of the body, or with `flush`. */
  respond(status: number, headers: readonly string[], framing: BodyFraming): void;
  /** As for a body. */
  write(chunk: Buffer, isSpent?: boolean): boolean;
  flush(): void;
  end(trailers: readonly string[]): void;

  /** Answers 101 and hands the connection over; null where the protocol has no such thing. */
  upgrade(headers: readonly string[]): BareConnection | null;
  /** Ends this exchange at once; of an HTTP/1.1 connection nothing is left then. */
  cut(): void;
}
