import type { InjectedHeader } from './decide.ts';

/** Headers by lower-case name with every value, in the order they came. */
export function headersByName(raw: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  return headers;
}

/** What belongs to one connection and not to the request. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Never sent on: the agent's own credentials, the name that is set from the decision, what the proxy answers itself, and
 * headers that make some upstreams read another method, path or host than those that were decided on.
 */
const REMOVED: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'authorization',
  'expect',
  'forwarded',
  'host',
  'x-forwarded-host',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
]);

/** The flat header list to send: what the agent sent, without the above, and with the credential of the route. */
export function outboundHeaders(
  raw: readonly string[],
  host: string,
  inject: InjectedHeader | null,
): string[] {
  const headers = ['host', host];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const lower = name.toLowerCase();
    if (!REMOVED.has(lower) && lower !== inject?.name) headers.push(name, raw[index + 1] ?? '');
  }
  if (inject !== null) headers.push(inject.name, inject.value);
  return headers;
}
