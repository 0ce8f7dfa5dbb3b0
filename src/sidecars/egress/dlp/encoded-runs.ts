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

/**
 * What the stretches of base64 and of hexadecimal digits in a text stand for. Where one begins inside a group cannot be
 * seen, so each is read from every place of a group; stretches are kept apart by a zero byte. Line feeds inside a
 * stretch are passed over, as in mail.
 */
export function decodedRuns(text: string): readonly Buffer[] {
  const runs = runsOf(text, BASE64, [[0, text.length]]);
  return [...decoded(text, runs, BASE64, 6), ...decoded(text, runsOf(text, HEX, runs), HEX, 4)];
}

function decoded(
  text: string,
  runs: readonly Run[],
  values: Int8Array,
  bits: number,
): readonly Buffer[] {
  if (runs.length === 0) return [];
  const length = runs.reduce((sum, [start, end]) => sum + end - start + 1, 0);
  return Array.from({ length: bits === 6 ? 4 : 2 }, (_, phase) => {
    const target = Buffer.alloc(length);
    let used = 0;
    for (const run of runs) used = decodeRun(text, run, values, bits, phase, target, used) + 1;
    return target.subarray(0, used);
  });
}

type Run = readonly [start: number, end: number];

/** Decodes one stretch, its first `phase` characters passed over; gives how much of `target` is used then. */
function decodeRun(
  text: string,
  [start, end]: Run,
  values: Int8Array,
  bits: number,
  phase: number,
  target: Buffer,
  used: number,
): number {
  let at = used;
  let held = 0;
  let heldBits = 0;
  let toSkip = phase;
  for (let index = start; index < end; index += 1) {
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
    target[at] = (held >> heldBits) & 0xff;
    at += 1;
  }
  return at;
}

/** Stretches, within these parts, of characters that have a value; line ends inside are part of them. */
function runsOf(text: string, values: Int8Array, within: readonly Run[]): readonly Run[] {
  const runs: Run[] = [];
  for (const [from, to] of within) {
    let start = from;
    let count = 0;
    for (let index = from; index <= to; index += 1) {
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
