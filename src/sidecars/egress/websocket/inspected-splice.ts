import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { BareConnection } from '../exchange.ts';
import { GatheredBytes } from '../gathered-bytes.ts';
import type { HeldBytes, HeldShare } from '../held-bytes.ts';
import type { ExchangeInspection, WebSocketMessage } from '../inspection.ts';
import type { Limits } from '../limits.ts';
import { type Frame, FrameReader, frameBytes, OPCODE } from './frames.ts';

export interface InspectedSplice {
  readonly agent: BareConnection;
  readonly upstream: BareConnection;
  readonly inspection: ExchangeInspection;
  readonly limits: Limits;
  /** Shared with all bodies that are looked at. */
  readonly held: HeldBytes;
  readonly onEnd: () => void;
}

const POLICY_VIOLATION = 1008;
const PROTOCOL_ERROR = 1002;

/** Passes WebSocket messages both ways, each only after it was looked at as a whole. */
export function spliceInspected(options: InspectedSplice): void {
  const { agent, upstream, limits, onEnd } = options;
  const ended = new AbortController();
  const end = (): void => {
    if (ended.signal.aborted) return;
    ended.abort();
    // What was written before, a close frame among it, still leaves.
    for (const { socket } of [agent, upstream]) {
      socket.end();
      socket.setTimeout(1000, () => socket.destroy());
    }
    onEnd();
  };
  for (const { socket } of [agent, upstream]) {
    socket.on('error', end).once('close', end);
    socket.setTimeout(limits.silentMs, end);
  }
  const close = (code: number): void => {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    const frame = { isFinal: true, opcode: OPCODE.close, payload };
    agent.socket.write(frameBytes(frame, false));
    upstream.socket.write(frameBytes(frame, true));
    end();
  };
  const shared = { ...options, signal: ended.signal, close };
  new Direction({ ...shared, direction: 'outbound', from: agent, to: upstream.socket }).start();
  new Direction({ ...shared, direction: 'inbound', from: upstream, to: agent.socket }).start();
}

interface DirectionOptions extends InspectedSplice {
  readonly direction: WebSocketMessage['direction'];
  readonly from: BareConnection;
  readonly to: Socket;
  readonly signal: AbortSignal;
  readonly close: (code: number) => void;
}

class Direction {
  readonly #options: DirectionOptions;
  readonly #reader: FrameReader;
  readonly #frames: Frame[] = [];
  readonly #parts = new GatheredBytes();
  readonly #share: HeldShare;
  /** Bytes of whole frames that were not sent on yet. */
  #pending = 0;
  #opcode: number | null = null;
  #isBusy = false;

  constructor(options: DirectionOptions) {
    this.#options = options;
    const isMasked = options.direction === 'outbound';
    this.#reader = new FrameReader(isMasked, options.limits.messageBytes);
    this.#share = options.held.share();
    options.signal.addEventListener('abort', () => this.#share.giveBack(), { once: true });
  }

  start(): void {
    const { from } = this.#options;
    from.socket.on('data', (chunk: Buffer) => this.#take(chunk));
    if (from.head.length > 0) this.#take(from.head);
    from.socket.resume();
  }

  #take(chunk: Buffer): void {
    const { close, signal } = this.#options;
    if (signal.aborted) return;
    try {
      for (const frame of this.#reader.take(chunk)) {
        this.#frames.push(frame);
        this.#pending += frame.payload.length;
      }
    } catch {
      close(PROTOCOL_ERROR);
      return;
    }
    if (!this.#share.hold(this.#reader.heldBytes + this.#pending)) {
      close(TRY_AGAIN_LATER);
      return;
    }
    if (!this.#isBusy) this.#work().catch(() => close(POLICY_VIOLATION));
  }

  /** In their order: what comes while a message is judged waits, and so does the socket. */
  async #work(): Promise<void> {
    const { from, signal } = this.#options;
    this.#isBusy = true;
    from.socket.pause();
    for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
      if (signal.aborted) return;
      await this.#pass(frame);
      if (!signal.aborted) this.#share.hold(this.#reader.heldBytes + this.#pending);
    }
    this.#isBusy = false;
    from.socket.resume();
  }

  async #pass(frame: Frame): Promise<void> {
    const { limits, inspection, direction, signal, close } = this.#options;
    if (frame.opcode >= OPCODE.close) {
      await this.#passControl(frame);
      this.#pending -= frame.payload.length;
      return;
    }
    const isFirst = frame.opcode !== OPCODE.continuation;
    if (isFirst === (this.#opcode !== null)) {
      close(PROTOCOL_ERROR);
      return;
    }
    this.#opcode ??= frame.opcode;
    if (this.#parts.length + frame.payload.length > limits.messageBytes) close(MESSAGE_TOO_BIG);
    else this.#parts.add(frame.payload);
    if (!frame.isFinal || signal.aborted) return;
    const opcode = this.#opcode;
    const bytes = this.#parts.take();
    this.#opcode = null;
    const kind = opcode === OPCODE.text ? 'text' : 'binary';
    const verdict = await inspection.message({ direction, kind, bytes }, signal);
    if (signal.aborted) return;
    if (verdict.kind === 'block') close(POLICY_VIOLATION);
    else {
      const payload = verdict.kind === 'replace' ? verdict.with : bytes;
      await this.#send({ isFinal: true, opcode, payload });
      this.#pending -= bytes.length;
    }
  }

  /** A ping carries what its sender likes. Nothing is put in its place: it is short, and must stay so. */
  async #passControl(frame: Frame): Promise<void> {
    const { inspection, direction, signal, close } = this.#options;
    const { payload: bytes } = frame;
    const isFine =
      bytes.length === 0 ||
      (await inspection.message({ direction, kind: 'binary', bytes }, signal)).kind === 'pass';
    if (signal.aborted) return;
    if (isFine) await this.#send(frame);
    else close(POLICY_VIOLATION);
  }

  /** Waits for room on the other side. */
  async #send(frame: Frame): Promise<void> {
    const { to, direction, signal } = this.#options;
    if (to.write(frameBytes(frame, direction === 'outbound')) || signal.aborted) return;
    await once(to, 'drain', { signal }).catch(() => undefined);
  }
}

const MESSAGE_TOO_BIG = 1009;
const TRY_AGAIN_LATER = 1013;
