import type { Finding } from './finding.ts';
import { inSlices, type Sliced } from './sliced.ts';

const SHORTEST = 24;
/** Bits a character: random base64 of this length has more, English and identifiers have less. */
const LEAST_BITS = 4.3;
const MOST_FINDINGS = 20;
/** Of a stretch, that much says what all of it is. */
const MOST_READ = 256;

/** Stretches that look random: only ever a hint, since hashes and identifiers look the same. */
export function* findEntropy(text: string): Sliced<readonly Finding[]> {
  const found: Finding[] = [];
  let start = 0;
  // By hand: a regular expression runs out of stack on a stretch of megabytes.
  yield* inSlices({ length: text.length + 1 }, (from, to) => {
    for (let index = from; index < to; index += 1) {
      if (IN_RUN[index === text.length ? 0 : text.charCodeAt(index)] === 1) continue;
      const isLong = index - start >= SHORTEST && found.length < MOST_FINDINGS;
      if (isLong && looksRandom(text.slice(start, Math.min(index, start + MOST_READ)))) {
        found.push({ detector: 'entropy', rule: 'random-text', range: [start, index] });
      }
      start = index + 1;
    }
  });
  return found;
}

const IN_RUN = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9+_=-]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** Mixes letters and digits, and its characters are spread as chance spreads them. */
function looksRandom(run: string): boolean {
  return /\d/.test(run) && bitsPerCharacter(run) >= LEAST_BITS;
}

/** Shannon's entropy of the characters of a text. */
export function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
