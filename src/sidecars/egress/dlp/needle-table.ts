/** What a map of symbols says of a character that is passed over. */
export const SKIPPED = 255;

/**
 * The states of a search for many needles at once (Aho–Corasick, compiled to a table). Reading one symbol is one look
 * into it, however many needles there are.
 */
export class NeedleTable {
  readonly #alphabet: number;
  readonly #next: Int32Array;
  readonly #ending: Int32Array;
  readonly #depth: Int32Array;

  /** Needles are lists of symbols below `alphabet`. */
  constructor(needles: readonly (readonly number[])[], alphabet: number) {
    this.#alphabet = alphabet;
    const most = 1 + needles.reduce((sum, { length }) => sum + length, 0);
    const next = new Int32Array(most * alphabet).fill(-1);
    const ending = new Int32Array(most).fill(-1);
    const depth = new Int32Array(most);
    const used = insert(needles, alphabet, next, ending, depth);
    link(used, alphabet, next, ending);
    this.#next = next.slice(0, used * alphabet);
    this.#ending = ending.slice(0, used);
    this.#depth = depth.slice(0, used);
  }

  /** The state after `symbol`; 0 is where every search begins. */
  step(state: number, symbol: number): number {
    return this.#next[state * this.#alphabet + symbol] ?? 0;
  }

  /** The longest needle that ends in a state, or -1. */
  endingAt(state: number): number {
    return this.#ending[state] ?? -1;
  }

  /**
   * Reads bytes from `from` on until one ends a needle; gives the index of that byte, or -1 where none does. `symbols`
   * maps every byte. The state that it begins in and leaves is the cursor's, so a text may come in pieces.
   */
  seek(bytes: Uint8Array, from: number, symbols: Uint8Array, cursor: { state: number }): number {
    const next = this.#next;
    const ending = this.#ending;
    const alphabet = this.#alphabet;
    let state = cursor.state;
    for (let index = from; index < bytes.length; index += 1) {
      state = next[state * alphabet + (symbols[bytes[index] ?? 0] ?? 0)] ?? 0;
      if (ending[state] !== -1) {
        cursor.state = state;
        return index;
      }
    }
    cursor.state = state;
    return -1;
  }

  /** How many symbols of some needle have just been read: that much of the text may become one. */
  depthOf(state: number): number {
    return this.#depth[state] ?? 0;
  }
}

/** Makes the tree of all needles; gives the number of its states. */
function insert(
  needles: readonly (readonly number[])[],
  alphabet: number,
  next: Int32Array,
  ending: Int32Array,
  depth: Int32Array,
): number {
  let used = 1;
  for (const [index, needle] of needles.entries()) {
    let state = 0;
    for (const symbol of needle) {
      const at = state * alphabet + symbol;
      let to = next[at] ?? -1;
      if (to === -1) {
        to = used;
        used += 1;
        next[at] = to;
        depth[to] = (depth[state] ?? 0) + 1;
      }
      state = to;
    }
    if (state !== 0) ending[state] = index;
  }
  return used;
}

/** Fills every gap with where the longest ending of what was read goes on. */
function link(used: number, alphabet: number, next: Int32Array, ending: Int32Array): void {
  const fallback = new Int32Array(used);
  const queue = [0];
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head] ?? 0;
    const back = fallback[state] ?? 0;
    if (ending[state] === -1) ending[state] = ending[back] ?? -1;
    for (let symbol = 0; symbol < alphabet; symbol += 1) {
      const at = state * alphabet + symbol;
      const to = next[at] ?? -1;
      const viaBack = state === 0 ? 0 : (next[back * alphabet + symbol] ?? 0);
      if (to === -1) {
        next[at] = viaBack;
      } else {
        fallback[to] = viaBack;
        queue.push(to);
      }
    }
  }
}
