import { inSlices, SLICE, type Sliced } from './sliced.ts';

/** Fewer characters are a word, a name or a number. */
const SHORTEST_RUN = 16;

/** Value of each character in base64 and base64url, or -1. */
const BASE64 = valuesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', [
  ['-', 62],
  ['_', 63],
]);
const HEX = valuesOf(
  '0123456789abcdef',
  [...'ABCDEF'].map((digit, index) => [digit, 10 + index]),
);

/** Decodes stretches of a text in one of several ways. */
export type Decoding = () => Sliced<Buffer>;

/**
 * What the stretches of base64 and of hexadecimal digits in a text stand for. Where one begins inside a group cannot be
 * seen, so each is read from every place of a group; stretches are kept apart by a zero byte. Line feeds inside a
 * stretch are passed over, as in mail.
 */
export function* decodedRuns(text: string): Sliced<readonly Decoding[]> {
  const base64 = yield* runsOf(text, BASE64, [[0, text.length]]);
  const hex = yield* runsOf(text, HEX, base64);
  return [...decodings(text, base64, BASE64, 6), ...decodings(text, hex, HEX, 4)];
}

function decodings(
  text: string,
  runs: readonly Run[],
  values: Int8Array,
  bits: number,
): readonly Decoding[] {
  if (runs.length === 0) return [];
  const phases = bits === 6 ? [0, 1, 2, 3] : [0, 1];
  return phases.map((phase) => () => decoded(text, runs, { values, bits, phase }));
}

type Run = readonly [start: number, end: number];

interface Encoding {
  readonly values: Int8Array;
  readonly bits: number;
  /** How many characters of each stretch are passed over. */
  readonly phase: number;
}

function* decoded(text: string, runs: readonly Run[], encoding: Encoding): Sliced<Buffer> {
  const { values, bits, phase } = encoding;
  const length = runs.reduce((sum, [start, end]) => sum + end - start + 1, 0);
  const target = Buffer.alloc(length);
  let used = 0;
  let sinceYield = 0;
  for (const [start, end] of runs) {
    let held = 0;
    let heldBits = 0;
    let toSkip = phase;
    const read = (from: number, to: number): void => {
      for (let index = start + from; index < start + to; index += 1) {
        const value = values[text.charCodeAt(index)] ?? -1;
        if (value === -1) continue;
        if (toSkip > 0) {
          toSkip -= 1;
          continue;
        }
        held = ((held << bits) | value) & 0xffff;
        heldBits += bits;
        if (heldBits < 8) continue;
        heldBits -= 8;
        target[used] = (held >> heldBits) & 0xff;
        used += 1;
      }
    };
    if (end - start > SLICE) yield* inSlices({ length: end - start }, read);
    else read(0, end - start);
    used += 1;
    sinceYield += end - start;
    if (sinceYield < SLICE) continue;
    sinceYield = 0;
    yield;
  }
  return target.subarray(0, used);
}

/** Stretches, within these parts, of characters that have a value; line ends inside are part of them. */
function* runsOf(text: string, values: Int8Array, within: readonly Run[]): Sliced<readonly Run[]> {
  const runs: Run[] = [];
  let sinceYield = 0;
  for (const [from, to] of within) {
    let start = from;
    let count = 0;
    const read = (first: number, last: number): void => {
      for (let index = from + first; index < from + last; index += 1) {
        const code = index === to ? 0 : text.charCodeAt(index);
        if (code < 128 && (values[code] ?? -1) !== -1) {
          count += 1;
          continue;
        }
        if (count > 0 && (code === 0x0a || code === 0x0d)) continue;
        if (count >= SHORTEST_RUN) runs.push([start, index]);
        start = index + 1;
        count = 0;
      }
    };
    const length = to - from + 1;
    if (length > SLICE) yield* inSlices({ length }, read);
    else read(0, length);
    sinceYield += length;
    if (sinceYield < SLICE) continue;
    sinceYield = 0;
    yield;
  }
  return runs;
}

function valuesOf(alphabet: string, others: readonly (readonly [string, number])[]): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (const [index, character] of [...alphabet].entries()) {
    values[character.charCodeAt(0)] = index;
  }
  for (const [character, value] of others) values[character.charCodeAt(0)] = value;
  return values;
}
