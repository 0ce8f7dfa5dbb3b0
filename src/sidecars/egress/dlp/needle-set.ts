/** Where a needle ends in a text. */
export interface NeedleHit {
  /** Index of the needle in the list that the set was made of. */
  readonly needle: number;
  /** Index of the character that begins it and of the one after its end, skipped characters included. */
  readonly start: number;
  readonly end: number;
}

const ASCII = 128;
/** What a table of symbols says of a character that is passed over. */
const SKIPPED = 255;

/**
 * Finds any number of needles in one pass (Aho–Corasick, compiled to a table): the time does not grow with how many
 * there are. `symbols` maps each ASCII character to a symbol below `alphabet`, or to `SKIPPED`; characters beyond ASCII
 * are skipped. Needles are read through the same map, and must have at least one symbol.
 */
export class NeedleSet {
  readonly #symbols: Uint8Array;
  readonly #alphabet: number;
  readonly #lengths: readonly number[];
  #next: Int32Array;
  /** The longest needle that ends in a state, or -1. */
  readonly #ending: Int32Array;

  constructor(needles: readonly string[], symbols: Uint8Array, alphabet: number) {
    this.#symbols = symbols;
    this.#alphabet = alphabet;
    const read = needles.map((needle) => this.#read(needle));
    this.#lengths = read.map(({ length }) => length);
    const states = 1 + this.#lengths.reduce((sum, length) => sum + length, 0);
    this.#next = new Int32Array(states * alphabet).fill(-1);
    this.#ending = new Int32Array(states).fill(-1);
    const used = this.#insert(read);
    this.#next = this.#next.slice(0, used * alphabet);
    this.#link(used);
  }

  /** Every place where a needle ends; of needles that end together, the longest. */
  find(text: string, onHit: (hit: NeedleHit) => void): void {
    const next = this.#next;
    const symbols = this.#symbols;
    const alphabet = this.#alphabet;
    const ending = this.#ending;
    let state = 0;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      const symbol = code < ASCII ? (symbols[code] ?? SKIPPED) : SKIPPED;
      if (symbol === SKIPPED) continue;
      state = next[state * alphabet + symbol] ?? 0;
      const needle = ending[state] ?? -1;
      if (needle !== -1) {
        onHit({ needle, start: this.#startOf(text, index, needle), end: index + 1 });
      }
    }
  }

  #read(needle: string): readonly number[] {
    return [...Buffer.from(needle, 'latin1')].flatMap((code) => {
      const symbol = code < ASCII ? (this.#symbols[code] ?? SKIPPED) : SKIPPED;
      return symbol === SKIPPED ? [] : [symbol];
    });
  }

  /** Makes the tree of all needles; gives the number of its states. */
  #insert(needles: readonly (readonly number[])[]): number {
    let used = 1;
    for (const [index, needle] of needles.entries()) {
      let state = 0;
      for (const symbol of needle) {
        const at = state * this.#alphabet + symbol;
        let to = this.#next[at] ?? -1;
        if (to === -1) {
          to = used;
          used += 1;
          this.#next[at] = to;
        }
        state = to;
      }
      if (state !== 0) this.#ending[state] = index;
    }
    return used;
  }

  /** Fills every gap with where the longest ending of what was read goes on. */
  #link(used: number): void {
    const fallback = new Int32Array(used);
    const queue = [0];
    for (let head = 0; head < queue.length; head += 1) {
      const state = queue[head] ?? 0;
      const back = fallback[state] ?? 0;
      if ((this.#ending[state] ?? -1) === -1) this.#ending[state] = this.#ending[back] ?? -1;
      for (let symbol = 0; symbol < this.#alphabet; symbol += 1) {
        const at = state * this.#alphabet + symbol;
        const to = this.#next[at] ?? -1;
        const viaBack = state === 0 ? 0 : (this.#next[back * this.#alphabet + symbol] ?? 0);
        if (to === -1) {
          this.#next[at] = viaBack;
        } else {
          fallback[to] = viaBack;
          queue.push(to);
        }
      }
    }
  }

  /** Goes back over the skipped characters. */
  #startOf(text: string, last: number, needle: number): number {
    let left = this.#lengths[needle] ?? 0;
    let index = last;
    for (; index >= 0; index -= 1) {
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
