import { type Parsed, refuse } from '../parsed.ts';
import { quote } from '../problems.ts';
import { isDeterministic } from './positions.ts';
import { parseRegex, type Regex, UnsupportedRegex } from './syntax.ts';

const MAX_LENGTH = 512;

/**
 * Accepts a regular expression when a backtracking engine provably runs it in linear time (with the flag `u`):
 *
 * - every alternative begins with `^`, so that only one start is tried, and
 * - reading one character never leaves two ways to go on, so that going back finds nothing to try again;
 * - one free repetition of single characters (`.*`) may break that rule when what follows it is of bounded length.
 *
 * Anything else is refused, also what might be harmless: an agent chooses the paths that this runs on.
 */
export function parseSafeRegex(raw: string): Parsed<string> {
  if (raw.length > MAX_LENGTH) {
    return unsafe(raw, `is longer than ${MAX_LENGTH} characters`);
  }
  try {
    new RegExp(raw, 'u');
  } catch {
    return refuse(
      'invalid-regex',
      `${quote(raw)} is not a regular expression`,
      'see docs/reference/routes.md',
    );
  }
  try {
    const reason = unsafeReason(parseRegex(raw));
    return reason === null ? { ok: true, value: raw } : unsafe(raw, reason);
  } catch (error) {
    if (error instanceof UnsupportedRegex) return unsafe(raw, `uses ${error.message}`);
    throw error;
  }
}

function unsafeReason(regex: Regex): string | null {
  for (const alternative of regex.kind === 'choice' ? regex.options : [regex]) {
    const items = alternative.kind === 'sequence' ? alternative.items : [alternative];
    if (items[0]?.kind !== 'start') return 'does not begin with "^"';
    const body = items.slice(1, items.at(-1)?.kind === 'end' ? -1 : undefined);
    if (!isLinear(body)) return 'may take more than linear time';
  }
  return null;
}

function isLinear(items: readonly Regex[]): boolean {
  if (isDeterministic(items)) return true;
  return items.some(
    (item, index) =>
      item.kind === 'repeat' &&
      item.body.kind === 'chars' &&
      isDeterministic(items.slice(0, index + 1)) &&
      items.slice(index + 1).every(isBounded) &&
      isDeterministic(items.slice(index + 1)),
  );
}

function isBounded(regex: Regex): boolean {
  switch (regex.kind) {
    case 'repeat':
      return regex.max !== Number.POSITIVE_INFINITY && isBounded(regex.body);
    case 'sequence':
      return regex.items.every(isBounded);
    case 'choice':
      return regex.options.every(isBounded);
    case 'chars':
    case 'start':
    case 'end':
      return true;
  }
}

function unsafe(raw: string, reason: string): Parsed<never> {
  return refuse(
    'unsafe-regex',
    `${quote(raw)} ${reason}`,
    'begin with "^" and let each character decide what follows, or use prefix or exact',
  );
}
