import type { InjectedHeader } from './decide.ts';

/** Headers by the name that a server may read, in lower case and without underscores, with every value in order. */
export function headersByName(raw: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = readName(raw[index] ?? '');
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
  'x-forwarded-path',
  'x-forwarded-prefix',
  'x-forwarded-server',
  'x-forwarded-uri',
  'x-host',
  'x-http-host-override',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-host',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-uri',
  'x-rewrite-url',
]);

/** The name as servers with CGI variables read it: to them `X_Api_Key` is `X-Api-Key`. */
function readName(name: string): string {
  const lower = name.toLowerCase();
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower;
}

/** Whether a name with an underscore would be read as one that says how long the request is. */
function isDisguisedLength(name: string): boolean {
  return name.includes('_') && readName(name) === 'content-length';
}

/** The flat header list to send: what the agent sent, without the above, and with the credential of the route. */
export function outboundHeaders(
  raw: readonly string[],
  host: string,
  inject: InjectedHeader | null,
): string[] {
  const headers = ['host', host];
  const injected = inject === null ? null : readName(inject.name);
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const read = readName(name);
    const isRemoved = REMOVED.has(read) || read === injected || isDisguisedLength(name);
    if (!isRemoved) headers.push(name, raw[index + 1] ?? '');
  }
  if (inject !== null) headers.push(inject.name, inject.value);
  return headers;
}
