/** One step of a pattern. `deep` is `**` before more of it, `rest` is one at its end. */
type Token =
  | { readonly kind: 'one' | 'many' | 'deep' | 'rest' }
  | { readonly kind: 'of'; readonly has: (char: string) => boolean };

/** A pattern of a `.dockerignore`, without its `!`: true for a path that it matches, or whose folder it does. */
export type IgnorePattern = (path: string) => boolean;

/**
 * Reads `*`, `?`, `[a-z]`, `\x` and `**`, as Go's `filepath.Match` and the builders' own `**` have it. Null where a class
 * has no end. All ways through a pattern are followed at once, so none takes longer than its length times the path's.
 */
export function parseIgnorePattern(pattern: string): IgnorePattern | null {
  const tokens = tokensOf(pattern);
  return tokens === null ? null : (path) => matches(tokens, path);
}

function tokensOf(pattern: string): readonly Token[] | null {
  const tokens: Token[] = [];
  const chars = [...pattern];
  // Builders take plain text after it for the end of a path: `**.md` is every file that ends so.
  if (/^\*\*[^/*?[\\][^*?[\\]*$/.test(pattern)) {
    return [{ kind: 'rest' }, ...chars.slice(2).map(exactly)];
  }
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at];
    if (char === '*' && chars[at + 1] === '*') {
      at += chars[at + 2] === '/' ? 2 : 1;
      tokens.push({ kind: at + 1 >= chars.length ? 'rest' : 'deep' });
    } else if (char === '*') {
      tokens.push({ kind: 'many' });
    } else if (char === '?') {
      tokens.push({ kind: 'one' });
    } else if (char === '[') {
      const end = chars.indexOf(']', at + 2);
      if (end === -1) return null;
      tokens.push({ kind: 'of', has: classOf(chars.slice(at + 1, end)) });
      at = end;
    } else {
      if (char === '\\') at += 1;
      tokens.push(exactly(chars[at] ?? '\\'));
    }
  }
  return tokens;
}

function exactly(wanted: string): Token {
  return { kind: 'of', has: (char) => char === wanted };
}

/** `a-z0`, or all but them after a `^`; a `/` is in none. */
function classOf(written: readonly string[]): (char: string) => boolean {
  const isInverted = written[0] === '^';
  const chars = isInverted ? written.slice(1) : [...written];
  const ranges: (readonly [from: string, to: string])[] = [];
  while (chars.length > 0) {
    const from = chars.shift() ?? '';
    const isRange = chars[0] === '-' && chars.length > 1;
    ranges.push([from, isRange ? (chars.splice(0, 2)[1] ?? from) : from]);
  }
  return (char) =>
    char !== '/' && ranges.some(([from, to]) => from <= char && char <= to) !== isInverted;
}

/** States are even before a token, and odd within a `deep` one, which ends with a `/`. */
function matches(tokens: readonly Token[], path: string): boolean {
  const end = 2 * tokens.length;
  let states = reached(tokens, [0]);
  for (const char of path) {
    if (char === '/' && states.has(end)) return true;
    const next: number[] = [];
    for (const state of states) {
      const token = tokens[state >> 1];
      if (token === undefined) continue;
      if (token.kind === 'deep') {
        next.push(state | 1);
        if (char === '/') next.push((state | 1) + 1);
      } else if (token.kind === 'rest' || (token.kind === 'many' && char !== '/')) {
        next.push(state);
      } else if (token.kind === 'one' ? char !== '/' : token.kind === 'of' && token.has(char)) {
        next.push(state + 2);
      }
    }
    states = reached(tokens, next);
    if (states.size === 0) return false;
  }
  return states.has(end);
}

/** `states` with all that follow without another character. */
function reached(tokens: readonly Token[], states: readonly number[]): ReadonlySet<number> {
  const all = new Set(states);
  for (const state of all) {
    const kind = state % 2 === 0 ? tokens[state >> 1]?.kind : undefined;
    if (kind === 'many' || kind === 'deep' || kind === 'rest') all.add(state + 2);
  }
  return all;
}
