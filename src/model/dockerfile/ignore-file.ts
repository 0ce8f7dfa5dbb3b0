import { type IgnorePattern, parseIgnorePattern } from './ignore-pattern.ts';
import { insidePath, leadsOut } from './inside-path.ts';

/** Each is asked of each file of a context. */
const MOST_PATTERNS = 500;

/** What a `.dockerignore` leaves out of a build context. */
export interface IgnoreFile {
  /** Of a path relative to the context. The last pattern that says something of it counts. */
  ignores(path: string): boolean;
  /** Lines that are no patterns. */
  readonly wrong: readonly { readonly line: number; readonly why: string }[];
}

interface Rule {
  readonly matches: IgnorePattern;
  /** It takes in again what one before it left out. */
  readonly isException: boolean;
}

/** Reads one as builders do: a comment begins at the first column, slashes at both ends say nothing. */
export function readIgnoreFile(text: string): IgnoreFile {
  const rules: Rule[] = [];
  const wrong: { readonly line: number; readonly why: string }[] = [];
  for (const [index, written] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = index + 1;
    const trimmed = written.trim();
    if (written.startsWith('#') || trimmed === '') continue;
    const isException = trimmed.startsWith('!');
    const pattern = isException ? trimmed.slice(1).trim() : trimmed;
    if (pattern === '') {
      wrong.push({ line, why: 'there is no pattern after the !' });
      continue;
    }
    if (leadsOut(pattern.replace(/^\/+/, ''))) continue;
    const matches = parseIgnorePattern(insidePath('/', pattern).slice(1));
    if (matches === null) wrong.push({ line, why: 'a [ has no ]' });
    else if (rules.length >= MOST_PATTERNS) {
      wrong.push({ line, why: `there are more than ${MOST_PATTERNS} patterns` });
      break;
    } else rules.push({ matches, isException });
  }
  const ignores = (path: string) =>
    rules.reduce(
      (isIgnored, { matches, isException }) =>
        isIgnored === isException && matches(path) ? !isException : isIgnored,
      false,
    );
  return { ignores, wrong };
}
