import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

/** What one step of a mutation does to bytes. */
type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bits: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'delete'; readonly at: number; readonly length: number }
  | {
      readonly kind: 'repeat';
      readonly at: number;
      readonly length: number;
      readonly times: number;
    }
  | { readonly kind: 'splice'; readonly at: number; readonly other: Buffer };

/**
 * The kept corpus of a parser: `corpus/<name>.jsonl`, a JSON string (latin1) a line. Inputs that once failed are added
 * there, so that they are tried each time.
 */
export function corpusOf(name: string): readonly Buffer[] {
  const file = join(import.meta.dirname, 'corpus', `${name}.jsonl`);
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => Buffer.from(JSON.parse(line), 'latin1'));
}

/** Entries of the corpus, and what becomes of them in up to six steps; `words` are what the parser looks for. */
function mutated(corpus: readonly Buffer[], words: readonly string[]): fc.Arbitrary<Buffer> {
  const at = fc.nat({ max: 4096 });
  const seed = fc.constantFrom(...corpus);
  const step: fc.Arbitrary<Mutation> = fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at, bits: fc.integer({ min: 1, max: 255 }) }),
    fc.record({
      kind: fc.constant('insert' as const),
      at,
      bytes: fc.oneof(
        fc.constantFrom(...words).map((word) => Buffer.from(word, 'latin1')),
        fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
      ),
    }),
    fc.record({
      kind: fc.constant('delete' as const),
      at,
      length: fc.integer({ min: 1, max: 40 }),
    }),
    fc.record({
      kind: fc.constant('repeat' as const),
      at,
      length: fc.integer({ min: 1, max: 30 }),
      times: fc.integer({ min: 1, max: 40 }),
    }),
    fc.record({ kind: fc.constant('splice' as const), at, other: seed }),
  );
  return fc
    .tuple(seed, fc.array(step, { maxLength: 6 }))
    .map(([bytes, steps]) => steps.reduce(mutate, bytes));
}

/** Runs `check` on every entry of the corpus and on mutations of them. */
export function fuzz(
  name: string,
  words: readonly string[],
  check: (input: Buffer, cuts: number[]) => void,
): void {
  const corpus = corpusOf(name);
  fc.assert(fc.property(mutated(corpus, words), CUTS, check), effort(corpus));
}

/** For tests that wait for `fuzzAsync`. */
export const FUZZ_TIMEOUT_MS = 700_000;

/** The same for what takes its time. */
export async function fuzzAsync(
  name: string,
  words: readonly string[],
  check: (input: Buffer, cuts: number[]) => Promise<void>,
): Promise<void> {
  const corpus = corpusOf(name);
  await fc.assert(fc.asyncProperty(mutated(corpus, words), CUTS, check), effort(corpus));
}

const CUTS = fc.array(fc.nat({ max: 400 }), { maxLength: 8 });

function effort(corpus: readonly Buffer[]): fc.Parameters<[Buffer, number[]]> {
  const isLong = process.env['BB_TEST_LONG'] === '1';
  return {
    numRuns: isLong ? 200_000 : 1500,
    // On a busy machine fewer are tried, rather than none to their end.
    interruptAfterTimeLimit: isLong ? 600_000 : 10_000,
    examples: corpus.map((entry): [Buffer, number[]] => [entry, [1, 7, 60]]),
  };
}

/** The same bytes in the pieces in which a network may deliver them. */
export function piecesOf(input: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [...new Set(cuts.map((cut) => Math.min(cut, input.length)))].toSorted(
    (one, other) => one - other,
  );
  return [...places, input.length].map((end, index) => input.subarray(places[index - 1] ?? 0, end));
}

function mutate(bytes: Buffer, mutation: Mutation): Buffer {
  const at = bytes.length === 0 ? 0 : mutation.at % (bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (mutation.kind) {
    case 'flip': {
      const changed = Buffer.from(bytes);
      if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ mutation.bits;
      return changed;
    }
    case 'insert':
      return Buffer.concat([before, mutation.bytes, after]);
    case 'delete':
      return Buffer.concat([before, after.subarray(mutation.length)]);
    case 'repeat': {
      const piece = after.subarray(0, mutation.length);
      return Buffer.concat([before, ...Array(mutation.times).fill(piece), after]);
    }
    case 'splice':
      return Buffer.concat([before, mutation.other.subarray(at % (mutation.other.length + 1))]);
  }
}
