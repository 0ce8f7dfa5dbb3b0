import type { Finding } from './finding.ts';

const SHORTEST = 24;
/** Bits a character: random base64 of this length has more, English and identifiers have less. */
const LEAST_BITS = 4.3;
const MOST_FINDINGS = 20;

/** Stretches that look random: only ever a hint, since hashes and identifiers look the same. */
export function findEntropy(text: string): readonly Finding[] {
  const found: Finding[] = [];
  for (const match of text.matchAll(/[A-Za-z0-9+_=-]{24,}/g)) {
    if (found.length >= MOST_FINDINGS) break;
    const [run] = match;
    if (!looksRandom(run.slice(0, 256))) continue;
    found.push({
      detector: 'entropy',
      rule: 'random-text',
      range: [match.index, match.index + run.length],
    });
  }
  return found;
}

/** Mixes letters and digits, and its characters are spread as chance spreads them. */
function looksRandom(run: string): boolean {
  return run.length >= SHORTEST && /\d/.test(run) && bitsPerCharacter(run) >= LEAST_BITS;
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
