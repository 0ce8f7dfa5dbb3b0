/** The right to look at a long text; ending it twice does no harm. */
export interface Turn {
  end(): void;
}

/**
 * Long texts are looked at one after the other: what is read and decoded of one takes many times its length, and a
 * bottle may send hundreds at once.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Throws when `signal` has aborted by the time. */
  async take(signal: AbortSignal): Promise<Turn> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => promise);
    await before;
    if (signal.aborted) resolve();
    signal.throwIfAborted();
    return { end: resolve };
  }
}
