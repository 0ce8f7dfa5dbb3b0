import { isHeaderLine } from '../http1/header-lines.ts';
import type { RawRequest } from '../read-request.ts';

const METHOD = /^[A-Z][A-Z-]{0,31}$/;
const PSEUDO = [':method', ':scheme', ':authority', ':path'] as const;

/** As HTTP/1.1 would say it: with a Host, and cookies in one line. Null for what cannot be said so. */
export function requestOf(rawHeaders: readonly string[]): RawRequest | null {
  const pseudo = new Map<string, string>();
  const headers: string[] = [];
  const cookies: string[] = [];
  let host: string | null = null;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const value = rawHeaders[index + 1] ?? '';
    if (name.startsWith(':')) {
      if (pseudo.has(name) || !PSEUDO.includes(name as (typeof PSEUDO)[number])) return null;
      pseudo.set(name, value);
    } else if (!isHeaderLine(name, value) || name === 'transfer-encoding') return null;
    else if (name === 'cookie') cookies.push(value);
    else if (name === 'host' && host !== null) return null;
    else if (name === 'host') host = value;
    else headers.push(name, value);
  }
  const method = pseudo.get(':method') ?? '';
  const target = pseudo.get(':path') ?? '';
  const authority = pseudo.get(':authority') ?? host;
  if (authority === null) return null;
  if (!METHOD.test(method) || method === 'CONNECT' || !isHeaderLine('host', authority)) return null;
  if (pseudo.get(':scheme') !== 'https' || !target.startsWith('/')) return null;
  if (cookies.length > 0) headers.push('cookie', cookies.join('; '));
  // Two names go on as the two names that HTTP/1.1 can hold, and are refused there.
  return {
    method,
    target: host === null || host === authority ? target : `https://${authority}${target}`,
    headers: ['host', host ?? authority, ...headers],
  };
}
