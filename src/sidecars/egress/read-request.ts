import { type Authority, parseAuthority } from './authority.ts';
import { DEFAULT_PORT, type EgressDenial, type EgressRequest, LOCAL_HOST } from './decide.ts';
import { HOP_BY_HOP, headersByName } from './request-headers.ts';
import { parseTarget } from './request-path.ts';

/** A CONNECT that was answered, seen from inside its TLS. */
export interface TunnelIdentity {
  readonly authority: Authority;
  /** Name that the TLS client asked for, or null where it asked for none. */
  readonly serverName: string | null;
}

/** The parts of a head that decide what it is. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
}

export type ReadRequest =
  | { readonly kind: 'request'; readonly request: EgressRequest }
  | EgressDenial;

/**
 * Reads one request as it would be sent. CONNECT target, server name, absolute URL and `Host` have to name the same
 * authority; what has two readings is refused. A request that is addressed to the proxy itself becomes a local one.
 */
export function readRequest(raw: RawRequest, tunnel: TunnelIdentity | null): ReadRequest {
  const headers = headersByName(raw.headers);
  const hosts = headers.get('host') ?? [];
  if (hosts.length !== 1) return refuse(400, 'the request needs exactly one Host header');
  if (nominatesOthers(headers.get('connection'))) {
    return refuse(400, 'the Connection header names headers that are not about the connection');
  }
  const target = splitTarget(raw.target, tunnel);
  if (target === null) return refuse(400, 'the request target is not a URL that this proxy takes');
  const scheme = tunnel === null ? 'http' : 'https';
  const parsed = parseTarget(target.pathAndQuery);
  if (!parsed.ok) return refuse(403, parsed.problem);
  const request = (authority: Authority): ReadRequest => ({
    kind: 'request',
    request: {
      scheme,
      authority,
      method: raw.method,
      path: parsed.path,
      query: parsed.query,
      headers,
    },
  });
  if (target.toProxy) return request({ host: LOCAL_HOST, port: DEFAULT_PORT.http });
  const host = parseAuthority(hosts[0] ?? '', DEFAULT_PORT[scheme]);
  const named =
    target.authority === null ? host : parseAuthority(target.authority, DEFAULT_PORT[scheme]);
  if (host === null || named === null) {
    return refuse(
      403,
      'the host is not a plain name, or an address in a form that has two readings',
    );
  }
  const claims = tunnel === null ? [host, named] : [host, named, tunnel.authority];
  if (!claims.every((claim) => claim.host === host.host && claim.port === host.port)) {
    return refuse(421, 'CONNECT target, URL and Host do not name the same authority');
  }
  if (tunnel?.serverName != null && tunnel.serverName !== host.host) {
    return refuse(421, 'the TLS server name is not the host of the request');
  }
  return request(host);
}

interface SplitTarget {
  /** Of an absolute URL, as written. */
  readonly authority: string | null;
  readonly pathAndQuery: string;
  readonly toProxy: boolean;
}

function splitTarget(url: string, tunnel: TunnelIdentity | null): SplitTarget | null {
  if (url.startsWith('/')) {
    if (tunnel !== null) return { authority: null, pathAndQuery: url, toProxy: false };
    return { authority: null, pathAndQuery: withoutOwnName(url), toProxy: true };
  }
  const absolute = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(url);
  if (absolute === null) return null;
  const [, scheme = '', authority = '', rest = ''] = absolute;
  if (scheme.toLowerCase() !== (tunnel === null ? 'http' : 'https')) return null;
  return { authority, pathAndQuery: rest.startsWith('/') ? rest : `/${rest}`, toProxy: false };
}

/** `/_egress.local/healthz` and `/healthz` are the same to a client that talks to the proxy as to a server. */
function withoutOwnName(url: string): string {
  const prefix = `/${LOCAL_HOST}/`;
  return url.startsWith(prefix) ? url.slice(prefix.length - 1) : url;
}

/** A header that is decided on must not be dropped on the way because `Connection` names it. */
function nominatesOthers(values: readonly string[] | undefined): boolean {
  if (values === undefined) return false;
  return values
    .flatMap((value) => value.split(','))
    .map((token) => token.trim().toLowerCase())
    .some((token) => token !== '' && token !== 'close' && !HOP_BY_HOP.has(token));
}

function refuse(status: EgressDenial['status'], reason: string): EgressDenial {
  return { kind: 'deny', status, reason, try: 'send the request in its plain form' };
}
