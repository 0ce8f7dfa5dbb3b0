import type { InjectedHeader } from './decide.ts';

/** Headers by the name that a server may read, in lower case and without underscores, with every value in order. */
export function headersByName(raw: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = nameOf(raw[index] ?? '').read;
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

/** What a name is to this proxy; most of those that come are the same few. */
interface KnownName {
  /** As servers with CGI variables read it: to them `X_Api_Key` is `X-Api-Key`. */
  readonly read: string;
  readonly isSentOn: boolean;
  readonly isPassedBack: boolean;
}

const MAX_KNOWN_NAMES = 2000;
const MAX_KNOWN_LENGTH = 64;
const known = new Map<string, KnownName>();

function nameOf(name: string): KnownName {
  const found = known.get(name);
  if (found !== undefined) return found;
  const lower = name.toLowerCase();
  const read = lower.includes('_') ? lower.replaceAll('_', '-') : lower;
  const made = {
    read,
    isSentOn: !REMOVED.has(read) && read !== 'content-length',
    // The agent cannot use another protocol or port that the upstream offers.
    isPassedBack: !HOP_BY_HOP.has(lower) && lower !== 'alt-svc',
  };
  if (known.size < MAX_KNOWN_NAMES && name.length <= MAX_KNOWN_LENGTH) known.set(name, made);
  return made;
}

/**
 * What is sent on of the agent's headers: without the above, without what frames the message, and without the header
 * that the route sets. The host and the framing are written anew.
 */
export function outboundHeaders(raw: readonly string[], inject: InjectedHeader | null): string[] {
  const headers: string[] = [];
  const injected = inject === null ? null : nameOf(inject.name).read;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const { read, isSentOn } = nameOf(name);
    if (isSentOn && read !== injected) headers.push(name, raw[index + 1] ?? '');
  }
  return headers;
}

/** The same for trailers: nothing comes in by them that would not by a header. */
export function outboundTrailers(raw: readonly string[], inject: InjectedHeader | null): string[] {
  return raw.length === 0 ? [] : outboundHeaders(raw, inject);
}

/** What the agent gets of an upstream's headers or trailers; without their length where the body's will be another. */
export function inboundHeaders(raw: readonly string[], isLengthKept: boolean): string[] {
  const headers: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const { isPassedBack, read } = nameOf(name);
    if (isPassedBack && (isLengthKept || read !== 'content-length')) {
      headers.push(name, raw[index + 1] ?? '');
    }
  }
  return headers;
}
