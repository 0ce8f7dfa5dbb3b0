import type { BodyFraming } from './body-framing.ts';
import { parseHeaderLines } from './header-lines.ts';

export interface BodyEvents {
  onData(chunk: Buffer): void;
  /** Trailers as name, value, name, value. */
  onEnd(trailers: readonly string[]): void;
}

type Position =
  | { readonly at: 'size' }
  | { readonly at: 'data'; remaining: number }
  | { readonly at: 'data-end' }
  | { readonly at: 'trailers' }
  | { readonly at: 'end' };

const NO_TRAILERS: readonly string[] = [];
const MAX_SIZE_LINE = 512;
const MAX_TRAILER_BYTES = 16_384;
const MAX_TRAILERS = 64;
const NOTHING = Buffer.alloc(0);

/**
 * Finds the data of one body in the bytes of a connection. Throws where the framing of chunks is not exact: sizes with
 * signs or blanks, line ends that are not CR LF; extensions too, unless they come from an upstream, which may send them.
 */
export class BodyReader {
  readonly #events: BodyEvents;
  readonly #mayExtend: boolean;
  readonly #isChunked: boolean;
  #position: Position;
  #held: Buffer = NOTHING;

  constructor(framing: BodyFraming, events: BodyEvents, mayExtend: boolean) {
    this.#events = events;
    this.#mayExtend = mayExtend;
    this.#isChunked = framing.kind === 'chunked';
    this.#position = startOf(framing);
  }

  get hasEnded(): boolean {
    return this.#position.at === 'end';
  }

  /** Gives what lies behind the body. */
  take(chunk: Buffer): Buffer {
    if (!this.#isChunked) return this.#takeCounted(chunk);
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    while (!this.hasEnded) {
      const rest = this.#step(bytes);
      if (rest === null) {
        this.#held = bytes;
        return NOTHING;
      }
      bytes = rest;
      if (bytes.length === 0 && !this.hasEnded) return NOTHING;
    }
    return bytes;
  }

  /** The connection ended: which is the end of a body that is framed by it, and an error for every other. */
  close(): boolean {
    if (this.#isChunked || this.#position.at !== 'data') return false;
    if (this.#position.remaining !== Number.POSITIVE_INFINITY) return false;
    this.#finish(NO_TRAILERS);
    return true;
  }

  #takeCounted(chunk: Buffer): Buffer {
    const position = this.#position;
    if (position.at !== 'data') return chunk;
    const { remaining } = position;
    if (chunk.length < remaining) {
      position.remaining -= chunk.length;
      if (chunk.length > 0) this.#events.onData(chunk);
      return NOTHING;
    }
    this.#events.onData(chunk.length === remaining ? chunk : chunk.subarray(0, remaining));
    this.#finish(NO_TRAILERS);
    return chunk.length === remaining ? NOTHING : chunk.subarray(remaining);
  }

  /** One piece of chunked framing; gives the bytes after it, or null where it is not whole. */
  #step(bytes: Buffer): Buffer | null {
    const position = this.#position;
    switch (position.at) {
      case 'size': {
        const line = lineOf(bytes, MAX_SIZE_LINE);
        if (line === null) return null;
        const size = this.#sizeOf(line);
        this.#position = size === 0 ? { at: 'trailers' } : { at: 'data', remaining: size };
        return bytes.subarray(line.length + 2);
      }
      case 'data': {
        const data = bytes.subarray(0, position.remaining);
        position.remaining -= data.length;
        if (position.remaining === 0) this.#position = { at: 'data-end' };
        if (data.length > 0) this.#events.onData(data);
        return bytes.subarray(data.length);
      }
      case 'data-end': {
        if (bytes.length < 2) return null;
        if (bytes[0] !== 0x0d || bytes[1] !== 0x0a)
          throw new Error('a chunk is longer than it says');
        this.#position = { at: 'size' };
        return bytes.subarray(2);
      }
      case 'trailers':
        return this.#trailers(bytes);
      case 'end':
        return bytes;
    }
  }

  #sizeOf(line: string): number {
    const size = /^([0-9a-f]{1,12})(;[\t\x20-\x7e\x80-\xff]*)?$/i.exec(line);
    if (size === null || (size[2] !== undefined && !this.#mayExtend)) {
      throw new Error('the size of a chunk is not a plain hexadecimal number');
    }
    return Number.parseInt(size[1] ?? '', 16);
  }

  #trailers(bytes: Buffer): Buffer | null {
    if (bytes.length < 2) return null;
    if (bytes[0] === 0x0d && bytes[1] === 0x0a) {
      this.#finish(NO_TRAILERS);
      return bytes.subarray(2);
    }
    const end = bytes.indexOf('\r\n\r\n');
    if ((end === -1 ? bytes.length - 3 : end) > MAX_TRAILER_BYTES) {
      throw new Error('the trailers are too long');
    }
    if (end === -1) return null;
    const lines = parseHeaderLines(bytes.toString('latin1', 0, end + 2), 0, MAX_TRAILERS);
    if (!lines.ok) throw new Error(lines.problem);
    this.#finish(lines.headers);
    return bytes.subarray(end + 4);
  }

  #finish(trailers: readonly string[]): void {
    this.#position = { at: 'end' };
    this.#events.onEnd(trailers);
  }
}

function startOf(framing: BodyFraming): Position {
  switch (framing.kind) {
    case 'none':
      return { at: 'end' };
    case 'length':
      return { at: 'data', remaining: framing.length };
    case 'chunked':
      return { at: 'size' };
    case 'close':
      return { at: 'data', remaining: Number.POSITIVE_INFINITY };
  }
}

/** The text before the first CR LF, or null where there is none yet. */
function lineOf(bytes: Buffer, maxLength: number): string | null {
  const end = bytes.indexOf('\r\n');
  if (end > maxLength || (end === -1 && bytes.length > maxLength + 1)) {
    throw new Error('a line of chunk framing is too long');
  }
  return end === -1 ? null : bytes.toString('latin1', 0, end);
}
