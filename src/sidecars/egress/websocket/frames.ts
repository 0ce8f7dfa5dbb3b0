import { randomFillSync } from 'node:crypto';
import { GatheredBytes } from '../gathered-bytes.ts';

/** One frame of RFC 6455, unmasked. */
export interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8 } as const;

const SHORTEST_FRAME = 2;
const MAX_CONTROL_BYTES = 125;

/** A frame and how many bytes it took, or nothing where it is not whole. */
type ReadFrame = { readonly frame: Frame; readonly length: number } | Record<never, never>;

/**
 * Cuts frames out of the bytes of one direction. Throws for what RFC 6455 forbids: reserved bits and opcodes, long or
 * split control frames, a mask where there must be none or none where there must be one, frames above the limit.
 */
export class FrameReader {
  readonly #isMasked: boolean;
  readonly #maxBytes: number;
  readonly #held = new GatheredBytes();
  /** How many bytes the next frame takes, as far as they are known. */
  #wanted = SHORTEST_FRAME;

  constructor(isMasked: boolean, maxBytes: number) {
    this.#isMasked = isMasked;
    this.#maxBytes = maxBytes;
  }

  /** Bytes of a frame that is not whole yet. */
  get heldBytes(): number {
    return this.#held.length;
  }

  take(chunk: Buffer): readonly Frame[] {
    this.#held.add(chunk);
    if (this.#held.length < this.#wanted) return [];
    const { bytes } = this.#held;
    const frames: Frame[] = [];
    let at = 0;
    for (let read = this.#read(bytes); 'frame' in read; read = this.#read(bytes.subarray(at))) {
      frames.push(read.frame);
      at += read.length;
    }
    this.#held.drop(at);
    return frames;
  }

  #read(bytes: Buffer): ReadFrame {
    if (bytes.length < SHORTEST_FRAME) return this.#wants(SHORTEST_FRAME);
    const first = bytes.readUInt8(0);
    const second = bytes.readUInt8(1);
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    const isControl = opcode >= OPCODE.close;
    if ((first & 0x70) !== 0) throw new Error('a reserved bit of a frame is set');
    if ((opcode > 2 && opcode < 8) || opcode > 10) throw new Error('a frame has no known opcode');
    if (((second & 0x80) !== 0) !== this.#isMasked)
      throw new Error('a frame is masked the wrong way');
    const short = second & 0x7f;
    if (isControl && (!isFinal || short > MAX_CONTROL_BYTES)) {
      throw new Error('a control frame is split or too long');
    }
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    const start = 2 + lengthBytes + (this.#isMasked ? 4 : 0);
    if (bytes.length < start) return this.#wants(start);
    const length = lengthOf(bytes, short);
    if (length > this.#maxBytes) throw new Error('a frame is too long to be looked at');
    if (bytes.length < start + length) return this.#wants(start + length);
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (this.#isMasked) applyMask(payload, bytes.subarray(start - 4, start));
    return { frame: { isFinal, opcode, payload }, length: start + length };
  }

  #wants(bytes: number): ReadFrame {
    this.#wanted = bytes;
    return {};
  }
}

/** One whole frame; with a mask of its own where it goes to a server, so that no sender chooses what is on the wire. */
export function frameBytes({ isFinal, opcode, payload }: Frame, isMasked: boolean): Buffer {
  const { length } = payload;
  const lengthBytes = length > 0xffff ? 8 : length > MAX_CONTROL_BYTES ? 2 : 0;
  const head = Buffer.alloc(2 + lengthBytes + (isMasked ? 4 : 0));
  head[0] = (isFinal ? 0x80 : 0) | opcode;
  head[1] = (isMasked ? 0x80 : 0) | (lengthBytes === 8 ? 127 : lengthBytes === 2 ? 126 : length);
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  const whole = Buffer.concat([head, payload]);
  if (isMasked) {
    const mask = randomFillSync(whole.subarray(head.length - 4, head.length));
    applyMask(whole.subarray(head.length), mask);
  }
  return whole;
}

function lengthOf(bytes: Buffer, short: number): number {
  if (short === 126) return bytes.readUInt16BE(2);
  return short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
}

function applyMask(payload: Buffer, mask: Buffer): void {
  for (let at = 0; at < payload.length; at += 1) {
    payload[at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0);
  }
}
