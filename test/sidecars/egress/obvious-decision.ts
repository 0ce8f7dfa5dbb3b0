import type { AllowlistEntry, EgressRoute, RouteMatch } from '../../../src/model/egress-route.ts';
import type { EgressSecrets, EgressTable } from '../../../src/model/sidecar.ts';
import type { EgressRequest } from '../../../src/sidecars/egress/decide.ts';

/**
 * The rules as the documentation tells them, one after the other, without thought of time: what `decide` says has to be
 * the same. `allow <host of the route or "allowlist">`, with the header that is injected; `deny`; `local`.
 */
export function obviousDecision(
  table: EgressTable,
  secrets: EgressSecrets,
  request: EgressRequest & { readonly nowMs: number },
): string {
  const said = withoutBody(table, secrets, request);
  const { method, body } = request;
  if (body === undefined || (method !== 'GET' && method !== 'HEAD')) return said;
  const route = table.routes[Number(/^allow route (\d+)/.exec(said)?.[1])];
  return method === 'GET' && body === 'length' && route?.getBody === true ? said : 'deny';
}

function withoutBody(
  table: EgressTable,
  secrets: EgressSecrets,
  request: EgressRequest & { readonly nowMs: number },
): string {
  const { host, port } = request.authority;
  if (host === '_egress.local') return 'local';
  const parents = host.split('.').map((_, at, labels) => labels.slice(at + 1).join('.'));
  const denying = [host, ...parents.map((parent) => `*.${parent}`)];
  if ((table.deny ?? []).some((entry) => denying.includes(entry.host))) return 'deny';
  if (request.method === 'TRACE') return 'deny';
  const git = askedOfGit(request);
  if (git === 'push') return 'deny';
  const named = nearest(table.routes, host);
  if (named.length === 0) {
    const entries = nearest(table.allowlist, host).filter((entry) => isInForce(entry, request));
    const isDefault = port === (request.scheme === 'https' ? 443 : 80);
    return entries.length > 0 && isDefault && git !== 'fetch' ? 'allow allowlist' : 'deny';
  }
  for (const route of named) {
    if (!isInForce(route, request) || !route.ports.includes(port)) continue;
    if (route.matches.length > 0 && !route.matches.some((match) => isMatched(match, request))) {
      continue;
    }
    if (git === 'fetch' && !route.git.fetch) continue;
    return allowedBy(route, table.routes.indexOf(route), secrets, request);
  }
  return 'deny';
}

function allowedBy(
  { auth }: EgressRoute,
  index: number,
  secrets: EgressSecrets,
  { scheme }: EgressRequest,
): string {
  if (auth === null) return `allow route ${index}`;
  const value = secrets[auth.secret]?.value;
  if (value === undefined || value === '' || scheme === 'http') return 'deny';
  if (auth.scheme === 'header') return `allow route ${index} with ${auth.header}: ${value}`;
  const sent =
    auth.scheme === 'Basic'
      ? Buffer.from(value.includes(':') ? value : `${value}:`).toString('base64')
      : value;
  return `allow route ${index} with authorization: ${auth.scheme} ${sent}`;
}

/** Those of the name itself; else those of the wildcard that says most of it. */
function nearest<Rule extends EgressRoute | AllowlistEntry>(
  rules: readonly Rule[],
  host: string,
): readonly Rule[] {
  const exact = rules.filter((rule) => rule.host === host);
  if (exact.length > 0) return exact;
  const wild = rules.filter(
    (rule) => rule.host.startsWith('*.') && host.endsWith(rule.host.slice(1)),
  );
  const longest = Math.max(0, ...wild.map((rule) => rule.host.length));
  return wild.filter((rule) => rule.host.length === longest);
}

function isInForce(
  { expires }: EgressRoute | AllowlistEntry,
  { nowMs }: { readonly nowMs: number },
): boolean {
  return expires === null || new Date(expires).getTime() > nowMs;
}

function isMatched(match: RouteMatch, { method, path, headers }: EgressRequest): boolean {
  if (match.methods.length > 0 && !match.methods.includes(method)) return false;
  const isPath = match.paths.some(({ kind, value }) => {
    if (kind === 'exact') return path === value;
    if (kind === 'regex') return (new RegExp(value).exec(path)?.[0] ?? null) === path;
    const wanted = value.split('/').filter((segment) => segment !== '');
    const given = path.split('/').slice(1);
    if (!wanted.every((segment, at) => given[at] === segment)) return false;
    // Behind a slash there is something, if only the empty end of the path.
    return !value.endsWith('/') || given.length > wanted.length;
  });
  if (match.paths.length > 0 && !isPath) return false;
  return match.headers.every(({ name, exact }) => {
    const values = headers.get(name) ?? [];
    return values.length === 1 && values[0] === exact;
  });
}

function askedOfGit({ path, query, headers }: EgressRequest): 'push' | 'fetch' | null {
  const type = (headers.get('content-type') ?? []).join().toLowerCase();
  const service = new URLSearchParams(query).get('service');
  const isListing = path.endsWith('/info/refs');
  for (const [name, asked] of [
    ['git-receive-pack', 'push'],
    ['git-upload-pack', 'fetch'],
  ] as const) {
    if (path.endsWith(`/${name}`) || type.startsWith(`application/x-${name}`)) return asked;
    if (isListing && service === name) return asked;
  }
  return null;
}
