import { StringDecoder } from 'node:string_decoder';

/** Cuts bytes into lines; characters and lines may be split over pieces. Longer lines than the limit are cut. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** The lines that `bytes` completed. */
  take(bytes: Uint8Array): readonly string[] {
    const lines = (this.#rest + this.#decoder.write(Buffer.from(bytes))).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    return lines.map((line) => line.replace(/\r$/, ''));
  }

  /** The line that no line feed ended, if there is one. */
  end(): readonly string[] {
    const last = this.#rest + this.#decoder.end();
    this.#rest = '';
    return last === '' ? [] : [last];
  }
}

const LONGEST_LINE = 1024 * 1024;
