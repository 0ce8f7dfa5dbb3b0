const NOTHING = Buffer.alloc(0);

/**
 * Bytes that come in pieces, kept in one buffer that doubles: also ten million pieces of one byte each take no more
 * than twice their bytes, and are copied a few times only.
 */
export class GatheredBytes {
  #buffer: Buffer = NOTHING;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What is there; valid until the next change. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#buffer.length));
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = length;
  }

  /** Forgets the first ones. */
  drop(count: number): void {
    if (count === this.#length) {
      this.take();
      return;
    }
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
  }

  /** Gives all of them away. */
  take(): Buffer {
    const { bytes } = this;
    this.#buffer = NOTHING;
    this.#length = 0;
    return bytes;
  }
}
