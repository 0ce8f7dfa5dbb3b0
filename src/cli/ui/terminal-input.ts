import { openSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { ReadStream } from 'node:tty';

/**
 * Keys of the terminal, as a stream that can let go of it. `process.stdin` cannot: once it has been read from, it reads
 * on while another program has the terminal, and takes that program's keys or blocks on them. Here the terminal is
 * opened for as long as it is ours, and closed while it is lent.
 */
export class TerminalInput extends PassThrough implements Disposable {
  readonly isTTY = true;
  #terminal: ReadStream | null = null;

  constructor() {
    super();
    this.claim();
  }

  /** Starts to read keys; also after `release`. */
  claim(): void {
    if (this.#terminal !== null) return;
    this.#terminal = new ReadStream(openSync('/dev/tty', 'r'));
    this.#terminal.on('data', (keys) => this.write(keys));
    // A terminal that went away ends the program by its signal; there is nothing more to read.
    this.#terminal.on('error', () => {});
  }

  /** Stops reading, so that every key goes to whoever reads the terminal next. */
  release(): void {
    this.#terminal?.setRawMode(false);
    this.#terminal?.destroy();
    this.#terminal = null;
  }

  setRawMode(isRaw: boolean): this {
    this.#terminal?.setRawMode(isRaw);
    return this;
  }

  ref(): this {
    this.#terminal?.ref();
    return this;
  }

  unref(): this {
    this.#terminal?.unref();
    return this;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
