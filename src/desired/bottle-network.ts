import type { Origin } from '../model/desired-state.ts';
import type { AllowlistEntry, DenyEntry, EgressRoute, RouteMatch } from '../model/egress-route.ts';
import type { DeclaredHost } from './allow-set.ts';
import { type DeclaredDenial, denialOf } from './deny-list.ts';
import type { DeclaredRoute } from './route-set.ts';

/** What one bottle may reach, and where each line of it was written. */
export interface BottleNetwork {
  readonly routes: readonly EgressRoute[];
  readonly allowlist: readonly AllowlistEntry[];
  readonly deny: readonly DenyEntry[];
  readonly origins: { readonly [subject: string]: Origin };
}

/** All that a bottle is made of that concerns its network. */
export interface NetworkParts {
  readonly routes: readonly DeclaredRoute[];
  readonly ownRoutes: readonly DeclaredRoute[];
  readonly hosts: readonly DeclaredHost[];
  readonly deny: readonly DeclaredDenial[];
}

/**
 * Brings the routes and hosts of a bottle together, sorted by host, so that their order in files means nothing.
 * `own` are those of the sets named after the instance: they widen what is there already, see `unite`. What `deny` covers
 * whole is left out; of a pattern that it covers in part egress denies that part.
 */
export function composeNetwork(parts: NetworkParts): BottleNetwork {
  const routes = new Map(parts.routes.map((route) => [route.host, route]));
  for (const own of parts.ownRoutes) {
    const shared = routes.get(own.host);
    routes.set(own.host, shared === undefined ? own : unite(shared, own));
  }
  const hosts = new Map<string, DeclaredHost>();
  for (const entry of parts.hosts) {
    const other = hosts.get(entry.host);
    if (other === undefined || lasts(entry) > lasts(other)) hosts.set(entry.host, entry);
  }
  const isOpen = ({ host }: { readonly host: string }) => denialOf(parts.deny, host) === undefined;
  const sortedRoutes = [...routes.values()].filter(isOpen).sort(byHost);
  const sortedHosts = [...hosts.values()].filter(isOpen).sort(byHost);
  const sortedDeny = [...parts.deny].sort(byHost);
  return {
    routes: sortedRoutes.map(toEgressRoute),
    allowlist: sortedHosts.map(({ host, reason, expires }) => ({ host, reason, expires })),
    deny: sortedDeny.map(({ host, reason, file }) => ({ host, reason, file })),
    origins: Object.fromEntries([
      ...sortedRoutes.map((route) => [`route:${route.host}`, originOf(route)] as const),
      ...sortedHosts.map((entry) => [`allow:${entry.host}`, originOf(entry)] as const),
      ...sortedDeny.map((entry) => [`deny:${entry.host}`, originOf(entry)] as const),
    ]),
  };
}

/** Matches of both; `[]` stands for every request. */
function uniteMatches(a: readonly RouteMatch[], b: readonly RouteMatch[]): readonly RouteMatch[] {
  if (a.length === 0 || b.length === 0) return [];
  const texts = new Map([...a, ...b].map((match) => [JSON.stringify(match), match]));
  return [...texts.values()];
}

/** True when two sets inject different credentials for one host, so that no route can be made of both. */
export function hasOtherAuth(shared: DeclaredRoute, own: DeclaredRoute): boolean {
  return (
    own.auth !== null &&
    shared.auth !== null &&
    JSON.stringify(own.auth) !== JSON.stringify(shared.auth)
  );
}

/** The instance's own route on top of a shared one of the same host: it adds requests, it never swaps a credential. */
function unite(shared: DeclaredRoute, own: DeclaredRoute): DeclaredRoute {
  const auth = shared.auth ?? own.auth;
  // What is approved names paths, not ports: a route without any adds none to those of the shared one.
  const ports = [...(shared.ports ?? usualPorts(auth)), ...(own.ports ?? [])];
  return {
    ...shared,
    ports: [...new Set(ports)].sort((a, b) => a - b),
    matches: uniteMatches(shared.matches, own.matches),
    auth,
    dlp: shared.dlp ?? own.dlp,
    fetch: shared.fetch || own.fetch,
    getBody: shared.getBody || own.getBody,
    addresses: [...new Set([...shared.addresses, ...own.addresses])],
    // The earlier end: what was granted for a while must not outlive it because something was added.
    expires: lasts(own) < lasts(shared) ? own.expires : shared.expires,
  };
}

function toEgressRoute(route: DeclaredRoute): EgressRoute {
  const { host, matches, auth, dlp, addresses, expires } = route;
  const ports = route.ports ?? usualPorts(auth);
  const git = { fetch: route.fetch };
  const getBody = route.getBody ? ({ getBody: true } as const) : {};
  return { host, ports, matches, auth, dlp, git, ...getBody, addresses, expires };
}

/** Port 80 speaks in the clear: a credential goes there only when the route says so. */
function usualPorts(auth: EgressRoute['auth']): readonly number[] {
  return auth === null ? [80, 443] : [443];
}

function lasts(grant: { readonly expires: string | null }): number {
  return grant.expires === null ? Number.POSITIVE_INFINITY : Date.parse(grant.expires);
}

function originOf({
  file,
  at,
}: {
  readonly file: string;
  readonly at: { readonly line: number };
}): Origin {
  return { file, line: at.line };
}

function byHost(a: { readonly host: string }, b: { readonly host: string }): number {
  if (a.host === b.host) return 0;
  return a.host < b.host ? -1 : 1;
}
