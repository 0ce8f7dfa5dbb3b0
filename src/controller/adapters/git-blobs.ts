/** One object as `cat-file --batch` gives it; `bytes` holds at most the limit, `size` is the truth. */
export interface Blob {
  readonly id: string;
  readonly size: number;
  readonly bytes: Uint8Array;
}

/**
 * Parses the stream of `git cat-file --batch`: `<id> <type> <size>\n<bytes>\n` each. Of every object at most
 * `keepBytes` are kept, so that one huge file costs its reading time and no memory.
 *
 * @throws Error when an object is missing (a damaged or partial clone).
 */
export async function* parseBatch(
  chunks: AsyncIterable<Uint8Array>,
  keepBytes: number,
): AsyncGenerator<Blob> {
  const input = new ChunkReader(chunks);
  for (;;) {
    const header = await input.line();
    if (header === null) return;
    const [id = '', type, rawSize] = header.split(' ');
    if (type === 'missing' || rawSize === undefined) throw new Error(`git object ${id} is missing`);
    const size = Number(rawSize);
    const bytes = await input.take(size, keepBytes);
    await input.take(1, 0);
    yield { id, size, bytes };
  }
}

class ChunkReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();
  #at = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#source = chunks[Symbol.asyncIterator]();
  }

  /** Text up to the next line feed, or null at the end of the stream. */
  async line(): Promise<string | null> {
    let text = '';
    while (this.#at < this.#chunk.length || (await this.#pull())) {
      const end = this.#chunk.indexOf(10, this.#at);
      const stop = end === -1 ? this.#chunk.length : end;
      text += Buffer.from(this.#chunk.subarray(this.#at, stop)).toString('latin1');
      this.#at = stop + 1;
      if (end !== -1) return text;
    }
    return text === '' ? null : text;
  }

  /** The next `count` bytes, of which the first `keep` are returned. */
  async take(count: number, keep: number): Promise<Uint8Array> {
    const kept = new Uint8Array(Math.min(count, keep));
    let read = 0;
    while (read < count) {
      if (this.#at >= this.#chunk.length && !(await this.#pull())) {
        throw new Error('git cat-file ended early');
      }
      const piece = this.#chunk.subarray(this.#at, this.#at + count - read);
      if (read < kept.length) kept.set(piece.subarray(0, kept.length - read), read);
      read += piece.length;
      this.#at += piece.length;
    }
    return kept;
  }

  async #pull(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    this.#chunk = next.value;
    this.#at = 0;
    return true;
  }
}
