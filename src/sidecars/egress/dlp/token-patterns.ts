import type { Finding } from './finding.ts';
import { EXACT_ALPHABET, EXACT_SYMBOLS, type NeedleHit, NeedleSet } from './needle-set.ts';
import { inSlices, type Sliced } from './sliced.ts';
import { type CharacterSet, IN_SET, TOKEN_SHAPES, type TokenShape } from './token-shapes.ts';

interface Anchored {
  readonly anchor: string;
  readonly shape: TokenShape;
}

const ANCHORED: readonly Anchored[] = TOKEN_SHAPES.flatMap((shape) =>
  shape.anchors.map((anchor) => ({ anchor, shape })),
);
let anchors: NeedleSet | undefined;

/**
 * Tokens that their issuers made recognisable. Linear: anchors are found in one pass, and how far the characters of a
 * part go on is computed once for each stretch of them, however many anchors stand in it.
 */
export function* findTokens(text: string): Sliced<readonly Finding[]> {
  anchors ??= new NeedleSet(
    ANCHORED.map(({ anchor }) => anchor),
    EXACT_SYMBOLS,
    EXACT_ALPHABET,
  );
  const needles = anchors;
  const stretches = new Stretches(text);
  const found: Finding[] = [];
  let reach = 0;
  const take = ({ needle, start, end }: NeedleHit): void => {
    const shape = ANCHORED[needle]?.shape;
    if (shape === undefined || start < reach) return;
    const tokenEnd = endOf(shape, stretches, end);
    if (tokenEnd === null) return;
    found.push({ detector: 'token_patterns', rule: shape.rule, range: [start, tokenEnd] });
    reach = tokenEnd;
  };
  let state = 0;
  yield* inSlices(text, (from, to) => {
    state = needles.find(text, take, state, from, to);
  });
  return found;
}

/** Where the token ends whose first part begins at `start`, or null where there is none. */
function endOf({ parts, joint }: TokenShape, stretches: Stretches, start: number): number | null {
  let at = start;
  for (const [index, { of, atLeast }] of parts.entries()) {
    if (index > 0 && joint === '.') {
      if (!stretches.isDot(at)) return null;
      at += 1;
    }
    const end = stretches.endFrom(of, at);
    if (end - at < atLeast) return null;
    at = end;
  }
  return at;
}

/** How far characters of a set go on; what was walked over once is not walked over again. */
class Stretches {
  readonly #text: string;
  readonly #last = new Map<CharacterSet, { readonly start: number; readonly end: number }>();

  constructor(text: string) {
    this.#text = text;
  }

  isDot(index: number): boolean {
    return this.#text.charCodeAt(index) === 0x2e;
  }

  endFrom(set: CharacterSet, start: number): number {
    const last = this.#last.get(set);
    if (last !== undefined && start >= last.start && start <= last.end) return last.end;
    const members = IN_SET[set];
    let end = start;
    while (end < this.#text.length && members[this.#text.charCodeAt(end)] === 1) end += 1;
    this.#last.set(set, { start, end });
    return end;
  }
}
