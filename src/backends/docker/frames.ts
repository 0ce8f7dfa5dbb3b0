import { Transform, type TransformCallback } from 'node:stream';

/** One piece of output of a container without a terminal. */
export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly content: Buffer;
}

const HEADER_BYTES = 8;

/**
 * Takes the engine's multiplexed stream, `[type, 0, 0, 0, length as 32 bits]` before each piece, and gives `Frame`s. A
 * piece is passed on as it comes, so that a long one is never held, and the reader's pace holds back the engine.
 */
export class FrameReader extends Transform {
  #header: Buffer = Buffer.alloc(0);
  #left = 0;
  #stream: Frame['stream'] = 'stdout';

  constructor() {
    super({ readableObjectMode: true });
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#left > 0 ? this.#takeContent(rest) : this.#takeHeader(rest);
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    const whole = this.#left === 0 && this.#header.length === 0;
    done(whole ? null : new Error('the stream of the engine ended inside a frame'));
  }

  #takeContent(bytes: Buffer): Buffer {
    const content = bytes.subarray(0, this.#left);
    this.#left -= content.length;
    this.push({ stream: this.#stream, content } satisfies Frame);
    return bytes.subarray(content.length);
  }

  #takeHeader(bytes: Buffer): Buffer {
    const missing = HEADER_BYTES - this.#header.length;
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)]);
    if (this.#header.length === HEADER_BYTES) {
      this.#stream = this.#header[0] === 2 ? 'stderr' : 'stdout';
      this.#left = this.#header.readUInt32BE(4);
      this.#header = Buffer.alloc(0);
    }
    return bytes.subarray(missing);
  }
}
