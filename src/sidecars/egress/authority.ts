import { isIPv4, isIPv6 } from 'node:net';

/** Host and port that a request speaks to; the host is lower-case ASCII without trailing dot or brackets. */
export interface Authority {
  readonly host: string;
  readonly port: number;
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const MAX_LENGTH = 253;

/**
 * Reads `host`, `host:port` or `[v6]:port` as it stands in CONNECT, `Host` and absolute URLs; null for whatever has
 * more than one reading: user information, trailing dots, other notations of an address, other characters.
 */
export function parseAuthority(raw: string, defaultPort: number): Authority | null {
  const parts = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{1,5}))?$/.exec(raw);
  if (parts === null) return null;
  const host = parseRequestHost(parts[1] ?? '');
  const port = parts[2] === undefined ? defaultPort : Number(parts[2]);
  return host === null || port < 1 || port > 65_535 ? null : { host, port };
}

/** A name, a dotted quad in its one canonical form, or an IPv6 address in its canonical form (in brackets). */
export function parseRequestHost(raw: string): string | null {
  if (raw.startsWith('[')) return parseIpv6(raw.slice(1, -1));
  const host = raw.toLowerCase();
  if (host === '' || host.length > MAX_LENGTH) return null;
  const labels = host.split('.');
  if (!labels.every((label) => LABEL.test(label))) return null;
  // What ends in a number is an address for some resolver: 127.1, 0x7f.1, 2130706433, 0177.0.0.1.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') && !isIPv4(host)) return null;
  return host;
}

/** The text of an authority in `Host` and in messages: the port only where it is not the scheme's. */
export function formatAuthority(authority: Authority, defaultPort: number): string {
  const host = authority.host.includes(':') ? `[${authority.host}]` : authority.host;
  return authority.port === defaultPort ? host : `${host}:${authority.port}`;
}

function parseIpv6(raw: string): string | null {
  if (!isIPv6(raw) || raw.includes('%')) return null;
  const canonical = URL.parse(`http://[${raw}]/`)?.hostname.slice(1, -1);
  return canonical === raw ? canonical : null;
}
