import type { EgressRoute, RouteAuth } from '../../model/egress-route.ts';
import type { Authority } from './authority.ts';
import { type GitRequest, gitRequest } from './git-request.ts';
import { type CompiledMatch, type CompiledRoute, type RouteTable, rulesOf } from './route-table.ts';

/** The name under which the proxy itself answers. */
export const LOCAL_HOST = '_egress.local';

/** One request as it would be sent: normalised, its authority already found to agree with itself. */
export interface EgressRequest {
  readonly scheme: 'http' | 'https';
  readonly authority: Authority;
  readonly method: string;
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** Every value by lower-case name. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** How the end of its body is known; absent where it has none. */
  readonly body?: 'length' | 'chunked';
}

/** A header to be set in place of whatever the agent sent under that name. */
export interface InjectedHeader {
  readonly name: string;
  readonly value: string;
}

export type EgressDecision =
  | { readonly kind: 'local' }
  | {
      readonly kind: 'allow';
      /** The route that allowed it, or null where the allowlist did. */
      readonly route: EgressRoute | null;
      readonly inject: InjectedHeader | null;
    }
  | EgressDenial;

export interface EgressDenial {
  readonly kind: 'deny';
  readonly status: 400 | 403 | 408 | 414 | 421 | 431 | 501 | 502 | 503 | 504 | 505;
  readonly reason: string;
  /** What the agent can do about it. */
  readonly try: string;
  /** The target itself holds what must not be written anywhere. */
  readonly hidesTarget?: boolean;
}

/**
 * Whether a request may leave the bottle, and with which credential. Pure; no table means no.
 *
 * local? → denied? → git push? → routes of the host (they alone decide where there are any) → allowlist → git fetch → credential → body of GET
 */
export function decide(
  table: RouteTable | null,
  request: EgressRequest,
  nowMs: number,
): EgressDecision {
  const decision = decideHead(table, request, nowMs);
  if (request.body === undefined || !BODILESS.has(request.method)) return decision;
  return decision.kind === 'deny' ? decision : judgeBody(decision, request);
}

/**
 * Some servers do not expect a body there and read it as the next request: one that nobody has judged. Of `DELETE` and
 * `OPTIONS` the same is said, but well-known interfaces want their bodies.
 */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

function judgeBody(
  decision: Exclude<EgressDecision, EgressDenial>,
  { method, body }: EgressRequest,
): EgressDecision {
  const isWanted = decision.kind === 'allow' && decision.route?.getBody === true;
  if (method !== 'GET' || !isWanted) return UNEXPECTED_BODY;
  return body === 'length' ? decision : UNMEASURED_BODY;
}

const UNEXPECTED_BODY: EgressDenial = {
  kind: 'deny',
  status: 400,
  reason: 'a body of GET or HEAD has two readings: some servers take it for another request',
  try: 'use POST, put what it says into the query, or ask the operator for a route with getBody',
};

const UNMEASURED_BODY: EgressDenial = {
  kind: 'deny',
  status: 400,
  reason: 'the route takes a body of GET only with its length',
  try: 'send Content-Length, and no chunks',
};

function decideHead(
  table: RouteTable | null,
  request: EgressRequest,
  nowMs: number,
): EgressDecision {
  const { host } = request.authority;
  if (host === LOCAL_HOST) return { kind: 'local' };
  if (table === null) {
    return deny(
      'no egress table is loaded, so everything is denied',
      'wait and retry: the controller has to deliver the table',
    );
  }
  const [denial] = rulesOf(table.deny, host);
  if (denial !== undefined) {
    const { file, reason } = denial;
    const because = reason === null ? '' : `: ${reason}`;
    return deny(
      `${host} is denied by ${file}${because}`,
      'look for another way: no approval opens it',
    );
  }
  if (request.method === 'TRACE') {
    return deny('TRACE would show the credential of a route to the agent', 'use GET or HEAD');
  }
  const git = gitRequest(request.path, request.query, request.headers.get('content-type'));
  if (git === 'push') {
    return deny(
      'git push over HTTP never passes egress',
      'push to the remote that git-gate offers for this repository',
    );
  }
  const declared = rulesOf(table.routes, host);
  if (declared.length > 0) {
    // Expired routes still close the host to the allowlist: time alone must never open more.
    return decideByRoutes(table, declared, request, git, nowMs);
  }
  const entries = rulesOf(table.allowlist, host);
  if (!entries.some(({ expiresAtMs }) => expiresAtMs > nowMs))
    return deny(`no route and no allowlist entry for ${host}`, propose(request));
  if (request.authority.port !== DEFAULT_PORT[request.scheme]) {
    return deny(`the allowlist opens ${host} on its default port only`, propose(request));
  }
  return git === 'fetch' ? denyFetch(request) : { kind: 'allow', route: null, inject: null };
}

export const DEFAULT_PORT = { http: 80, https: 443 } as const;

/** By the first route that lets the request pass. Where none does, the one that came nearest says why. */
function decideByRoutes(
  table: RouteTable,
  routes: readonly CompiledRoute[],
  request: EgressRequest,
  git: GitRequest,
  nowMs: number,
): EgressDecision {
  const { host, port } = request.authority;
  let [isLive, isOnPort, isMatching] = [false, false, false];
  for (const { route, expiresAtMs, matches } of routes) {
    if (expiresAtMs <= nowMs) continue;
    isLive = true;
    if (!route.ports.includes(port)) continue;
    isOnPort = true;
    if (!matchesAny(matches, request)) continue;
    isMatching = true;
    if (git !== 'fetch' || route.git.fetch) return withCredential(table, route, request);
  }
  if (isMatching) return denyFetch(request);
  if (isOnPort) {
    return deny(
      'the host has routes, but none matches this path, method and headers',
      propose(request),
    );
  }
  if (isLive) return deny(`no route declares port ${port} of ${host}`, propose(request));
  return deny(`every route for ${host} has expired`, propose(request));
}

function withCredential(
  table: RouteTable,
  route: EgressRoute,
  request: EgressRequest,
): EgressDecision {
  if (route.auth === null) return { kind: 'allow', route, inject: null };
  const value = table.secrets[route.auth.secret]?.value ?? '';
  if (value === '' || /[\r\n\0]/.test(value)) {
    return deny(
      `the credential "${route.auth.secret}" of this route has no usable value on the host`,
      'ask the operator to set it: the request is never sent without it',
    );
  }
  if (request.scheme !== 'https') {
    return deny(
      'a route with a credential is never used over plain HTTP',
      'use https for the same URL',
    );
  }
  return { kind: 'allow', route, inject: renderCredential(route.auth, value) };
}

/** `Basic` takes `user:password`; a value without a colon is sent as the user name, which is how forges take tokens. */
function renderCredential(auth: RouteAuth, value: string): InjectedHeader {
  switch (auth.scheme) {
    case 'Bearer':
    case 'token':
      return { name: 'authorization', value: `${auth.scheme} ${value}` };
    case 'Basic': {
      const pair = value.includes(':') ? value : `${value}:`;
      return { name: 'authorization', value: `Basic ${Buffer.from(pair).toString('base64')}` };
    }
    case 'header':
      return { name: auth.header.toLowerCase(), value };
  }
}

function matchesAny(matches: readonly CompiledMatch[], request: EgressRequest): boolean {
  return matches.length === 0 || matches.some((match) => isMatch(match, request));
}

/** Whether one match of a route lets a request through: by its path, its method and all of its headers. */
export function isMatch(
  { methods, paths, headers }: CompiledMatch,
  request: EgressRequest,
): boolean {
  return (
    (methods.size === 0 || methods.has(request.method)) &&
    (paths.length === 0 || paths.some((matches) => matches(request.path))) &&
    headers.every(({ name, exact }) =>
      isOnly(request.headers.get(name.replaceAll('_', '-')), exact),
    )
  );
}

/** A header that is sent twice has two readings, so it matches nothing. */
function isOnly(values: readonly string[] | undefined, exact: string): boolean {
  return values?.length === 1 && values[0] === exact;
}

function denyFetch(request: EgressRequest): EgressDenial {
  return deny(
    'git fetch over HTTP needs a route with git.fetch',
    `fetch from git-gate, or ${propose(request)} and ask for git.fetch`,
  );
}

function propose(request: EgressRequest): string {
  const { host } = request.authority;
  return `call the supervise tool egress-block with host ${host}, path ${request.path}, method ${request.method}`;
}

function deny(reason: string, tryThis: string): EgressDenial {
  return { kind: 'deny', status: 403, reason, try: tryThis };
}
