import { LIMITS } from './limits.ts';

export type ParsedPrefix =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads a path prefix in the spelling that egress compares (escapes of unreserved characters undone, hexadecimal
 * digits upper-case). What a server could read in two ways (dot segments, empty segments, encoded separators) is
 * refused, so that an operator approves what will be compared. The problem is a phrase that follows the path.
 */
export function parsePathPrefix(raw: string): ParsedPrefix {
  const problem = problemOf(raw);
  if (problem !== null) return { ok: false, problem };
  return { ok: true, path: raw.replace(/%[0-9a-f]{2}/gi, normaliseEscape) };
}

function problemOf(raw: string): string | null {
  if (!raw.startsWith('/')) return 'must begin with "/"';
  if (raw.length > LIMITS.pathLength) return `is longer than ${LIMITS.pathLength} characters`;
  if (/[?#]/.test(raw)) return 'must be a path alone, without a query or fragment';
  if (!/^(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9a-f]{2})*$/i.test(raw)) {
    return 'holds a character that must be percent-encoded in a path';
  }
  if (/%(?:2[5ef]|5c|[01][0-9a-f]|7f)/i.test(raw)) {
    return 'holds an encoded slash, backslash, dot, percent or control character';
  }
  if (raw.includes('//')) return 'has an empty segment';
  if (raw.split('/').some((segment) => /^\.{1,2}(?:;|$)/.test(segment))) {
    return 'has a "." or ".." segment';
  }
  return null;
}

function normaliseEscape(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return /[\w.~-]/.test(character) ? character : encoded.toUpperCase();
}
