import { LIMITS } from './limits.ts';

/**
 * Why a text cannot be proposed as a path prefix, or null when it can. What a server could read in two ways (dot
 * segments, empty segments, encoded separators) is refused, so that an operator approves what will be compared.
 */
export function parsePathPrefix(raw: string): string | null {
  if (!raw.startsWith('/')) return 'must begin with "/"';
  if (raw.length > LIMITS.pathLength) return `is longer than ${LIMITS.pathLength} characters`;
  if (/[?#]/.test(raw)) return 'must be a path alone, without a query or fragment';
  if (!/^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/.test(raw)) {
    return 'holds a character that must be percent-encoded in a path';
  }
  if (/%(?:2f|5c|2e|25|00)/i.test(raw))
    return 'holds an encoded slash, backslash, dot, percent or NUL';
  if (raw.includes('//')) return 'has an empty segment';
  if (raw.split('/').some((segment) => segment === '.' || segment === '..')) {
    return 'has a "." or ".." segment';
  }
  return null;
}
