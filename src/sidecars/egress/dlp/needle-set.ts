import { NeedleTable, SKIPPED } from './needle-table.ts';

/** Where a needle ends in a text. */
export interface NeedleHit {
  /** Index of the needle in the list that the set was made of. */
  readonly needle: number;
  /** Index of the character that begins it and of the one after its end, skipped characters included. */
  readonly start: number;
  readonly end: number;
}

const ASCII = 128;

/**
 * Finds any number of needles in one pass: the time does not grow with how many there are. `symbols` maps each ASCII
 * character to a symbol below `alphabet`, or to `SKIPPED`; characters beyond ASCII are skipped. Needles are read through
 * the same map, and must have at least one symbol.
 */
export class NeedleSet {
  readonly #symbols: Uint8Array;
  readonly #lengths: readonly number[];
  readonly #table: NeedleTable;

  constructor(needles: readonly string[], symbols: Uint8Array, alphabet: number) {
    this.#symbols = symbols;
    const read = needles.map((needle) => this.#read(needle));
    this.#lengths = read.map(({ length }) => length);
    this.#table = new NeedleTable(read, alphabet);
  }

  /**
   * Every place where a needle ends, between `start` and `end`; of needles that end together, the longest. Takes the
   * state that an earlier piece of the same text left, and gives the one that this piece leaves.
   */
  find(
    text: string,
    onHit: (hit: NeedleHit) => void,
    from = 0,
    start = 0,
    end = text.length,
  ): number {
    const table = this.#table;
    const symbols = this.#symbols;
    let state = from;
    for (let index = start; index < end; index += 1) {
      const code = text.charCodeAt(index);
      const symbol = code < ASCII ? (symbols[code] ?? SKIPPED) : SKIPPED;
      if (symbol === SKIPPED) continue;
      state = table.step(state, symbol);
      const needle = table.endingAt(state);
      if (needle !== -1) {
        onHit({ needle, start: this.#startOf(text, index, needle), end: index + 1 });
      }
    }
    return state;
  }

  #read(needle: string): readonly number[] {
    return [...Buffer.from(needle, 'latin1')].flatMap((code) => {
      const symbol = code < ASCII ? (this.#symbols[code] ?? SKIPPED) : SKIPPED;
      return symbol === SKIPPED ? [] : [symbol];
    });
  }

  /** Goes back over the skipped characters. */
  #startOf(text: string, last: number, needle: number): number {
    let left = this.#lengths[needle] ?? 0;
    let index = last;
    for (; index > 0; index -= 1) {
      const code = text.charCodeAt(index);
      if (code >= ASCII || this.#symbols[code] === SKIPPED) continue;
      left -= 1;
      if (left === 0) break;
    }
    return index;
  }
}

/** Every ASCII character by itself. */
export const EXACT_SYMBOLS = Uint8Array.from({ length: ASCII }, (_, code) => code);
export const EXACT_ALPHABET = ASCII;

/** Letters without their case and digits; whatever else stands between them is skipped. */
export const ALPHANUMERIC_SYMBOLS = Uint8Array.from({ length: ASCII }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 36);
  return Number.isNaN(digit) ? SKIPPED : digit;
});
export const ALPHANUMERIC_ALPHABET = 36;
