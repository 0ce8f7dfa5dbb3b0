import type { AgentExchange, AgentListener, BareConnection, BodySink } from './exchange.ts';
import { type BodyFraming, NO_BODY } from './http1/body-framing.ts';
import { inboundHeaders } from './request-headers.ts';
import type {
  UpstreamConnection,
  UpstreamExchange,
  UpstreamListener,
  UpstreamRequest,
} from './upstream/upstream-exchange.ts';

/** What a relay needs of whoever made it. */
export interface RelayHost {
  /** Another connection for the same request: the first was an old one that the upstream had closed. */
  readonly reconnect: () => UpstreamConnection | Promise<UpstreamConnection>;
  /** The upstream could not be reached or broke off before it answered. */
  readonly onUnreachable: (error: Error) => void;
  /** Both sides speak WebSocket now. */
  readonly onUpgrade: (agent: BareConnection, upstream: BareConnection) => void;
  readonly onDone: () => void;
  /** What is sent on of the agent's trailers. */
  readonly trailersOf: (trailers: readonly string[]) => readonly string[];
  /** Looks at the answer's head and gives what is sent in its place; null: it was answered otherwise. */
  readonly onAnswer: ((answer: Answer) => FilteredAnswer | null) | null;
}

export interface Answer {
  readonly status: number;
  /** Name, value, name, value; what belongs to the connection is gone. */
  readonly headers: readonly string[];
  readonly framing: BodyFraming;
}

export interface FilteredAnswer extends Answer {
  readonly filter: AnswerFilter | null;
}

/** Rewrites a body as it goes by. */
export interface AnswerFilter {
  write(chunk: Buffer): Buffer;
  end(trailers: readonly string[]): { readonly rest: Buffer; readonly trailers: readonly string[] };
}

/**
 * One allowed request on its way and its answer on the way back: bytes are passed on as they come, each side only as
 * fast as the other takes it.
 */
export class Relay implements AgentListener, UpstreamListener, BodySink {
  readonly #agent: AgentExchange;
  readonly #request: UpstreamRequest;
  readonly #host: RelayHost;
  #upstream: UpstreamExchange | null = null;
  #filter: AnswerFilter | null = null;
  #hasAnswered = false;
  #isOver = false;
  #isPaused = false;

  constructor(agent: AgentExchange, request: UpstreamRequest, host: RelayHost) {
    this.#agent = agent;
    this.#request = request;
    this.#host = host;
    agent.listener = this;
  }

  /** Sends the request; `body` is one that was collected, else it comes from the agent. */
  start(connection: UpstreamConnection, body: CollectedBody | null): void {
    const upstream = connection.send(this.#request, this);
    this.#upstream = upstream;
    if (this.#request.framing.kind === 'none') return;
    if (body === null) this.#agent.readBody(this);
    else {
      upstream.write(body.bytes);
      upstream.end(body.trailers);
    }
    upstream.flush();
  }

  /** Ends both sides at once. */
  cut(): void {
    this.#finish();
    this.#upstream?.abort();
    this.#agent.cut();
  }

  // The agent's body.

  write(chunk: Buffer): boolean {
    return this.#upstream === null || this.#isOver ? true : this.#upstream.write(chunk, true);
  }

  end(trailers: readonly string[]): void {
    if (!this.#isOver) this.#upstream?.end(this.#host.trailersOf(trailers));
  }

  onGone(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#upstream?.abort();
  }

  onDrain(): void {
    // Told by either side: whoever waited for it goes on.
    if (this.#isOver) return;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#upstream?.resume();
    }
  }

  // The upstream's answer.

  onRoom(): void {
    if (!this.#isOver) this.#agent.resumeBody();
  }

  onInform(status: number, headers: readonly string[]): void {
    if (status === 100 && !this.#agent.expectsContinue) return;
    const passed = this.#judged({
      status,
      headers: inboundHeaders(headers, false),
      framing: NO_BODY,
    });
    if (passed !== null) this.#agent.inform(status, passed.headers);
  }

  onAnswer(status: number, headers: readonly string[], framing: BodyFraming): void {
    this.#hasAnswered = true;
    const passed = this.#judged({ status, headers: inboundHeaders(headers, true), framing });
    if (passed === null) return;
    this.#filter = passed.filter;
    this.#agent.respond(passed.status, passed.headers, passed.framing);
  }

  /** What of an answer is passed on; null: it was answered otherwise. */
  #judged(answer: Answer): FilteredAnswer | null {
    const { onAnswer } = this.#host;
    if (onAnswer === null) return { ...answer, filter: null };
    const filtered = onAnswer(answer);
    if (filtered === null) {
      this.#finish();
      this.#upstream?.abort();
    }
    return filtered;
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return;
    const filter = this.#filter;
    // A filter may look back.
    const passed = filter === null ? chunk : filter.write(chunk);
    if (this.#agent.write(passed, filter === null)) return;
    this.#isPaused = true;
    this.#upstream?.pause();
  }

  onPause(): void {
    if (!this.#isOver && this.#hasAnswered) this.#agent.flush();
  }

  onEnd(trailers: readonly string[]): void {
    if (this.#isOver) return;
    this.#finish();
    const last = this.#filter?.end(trailers);
    if (last !== undefined && last.rest.length > 0) this.#agent.write(last.rest);
    this.#agent.end(inboundHeaders(last?.trailers ?? trailers, false));
  }

  onUpgrade(headers: readonly string[], upstream: BareConnection): void {
    const answer = { status: 101, headers: inboundHeaders(headers, false), framing: NO_BODY };
    const passed = this.#judged(answer);
    if (passed === null) return;
    this.#finish();
    const offered = ['connection', 'Upgrade', 'upgrade', 'websocket'];
    const agent = this.#agent.upgrade([...offered, ...passed.headers]);
    if (agent === null) upstream.socket.destroy();
    else this.#host.onUpgrade(agent, upstream);
  }

  onFailure(error: Error, isStale: boolean): void {
    if (this.#isOver) return;
    if (isStale && this.#request.framing.kind === 'none' && IDEMPOTENT.test(this.#request.method)) {
      this.#retry();
      return;
    }
    this.#finish();
    // A client that has part of an answer learns from the lost connection that there is no more.
    if (this.#hasAnswered) this.#agent.cut();
    else this.#host.onUnreachable(error);
  }

  #retry(): void {
    Promise.resolve(this.#host.reconnect())
      .then((connection) => {
        if (this.#isOver) connection.leave();
        else this.start(connection, null);
      })
      .catch((error: Error) => this.onFailure(error, false));
  }

  #finish(): void {
    this.#isOver = true;
    this.#agent.listener = null;
    this.#host.onDone();
  }
}

/** A body that was looked at as a whole before any of it was sent. */
export interface CollectedBody {
  readonly bytes: Buffer;
  readonly trailers: readonly string[];
}

const IDEMPOTENT = /^(?:GET|HEAD|OPTIONS)$/;
