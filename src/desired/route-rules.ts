import { hasOtherAuth } from './bottle-network.ts';
import type { Listed } from './compose.ts';
import type { NetworkSets } from './network-sets.ts';
import { type Position, type Problems, quote } from './problems.ts';
import type { Provider } from './providers.ts';
import type { DeclaredRoute } from './route-set.ts';
import type { WrittenAgent } from './schema/agent.ts';
import type { WrittenFile } from './written-file.ts';

/** Routes that a provider brings along, one for each host that it owns. */
export function providerRoutes(
  provider: Provider,
  place: { readonly file: string; readonly at: Position },
): readonly DeclaredRoute[] {
  return provider.hosts.map((host) => ({
    host,
    ports: [443],
    matches: [],
    auth: provider.auth,
    dlp: null,
    fetch: false,
    getBody: false,
    addresses: [],
    expires: null,
    ...place,
  }));
}

/** Routes of the sets that a bottle lists; two sets with one host are reported, since no one could tell which holds. */
export function sharedRoutes(
  listed: readonly Listed[],
  sets: NetworkSets,
  problems: Problems,
): readonly DeclaredRoute[] {
  const routes = new Map<string, DeclaredRoute>();
  for (const route of listed.flatMap(({ name }) => sets.routes.get(name) ?? [])) {
    const other = routes.get(route.host);
    if (other === undefined) {
      routes.set(route.host, route);
      continue;
    }
    const message = `host ${quote(route.host)} already has a route in ${other.file}:${other.at.line}, and one bottle has both`;
    problems.error({
      code: 'duplicate-host',
      message,
      hint: 'keep one of them, or list one of the sets',
      file: route.file,
      at: route.at,
    });
  }
  return [...routes.values()];
}

/** Reports declared routes that get in the way of the provider's, and own routes that would swap a credential. */
export function checkRoutes(
  routes: {
    readonly agent: WrittenFile<WrittenAgent>;
    readonly provided: readonly DeclaredRoute[];
    readonly shared: readonly DeclaredRoute[];
    readonly own: readonly DeclaredRoute[];
  },
  problems: Problems,
): void {
  const { agent, provided, shared, own } = routes;
  for (const route of [...shared, ...own]) {
    const owner = provided.find((candidate) => candidate.host === route.host);
    if (owner === undefined) continue;
    const message = `the provider in ${agent.path}:${owner.at.line} owns host ${quote(route.host)}, so ${route.file} cannot have a route for it`;
    const hint = 'remove this route; a credential goes under "provider: {name, auth}"';
    problems.error({ code: 'provider-host', message, hint, file: route.file, at: route.at });
  }
  for (const route of own) {
    const other = shared.find((candidate) => candidate.host === route.host);
    if (other === undefined || !hasOtherAuth(other, route)) continue;
    const message = `${other.file}:${other.at.line} sends another credential to ${quote(route.host)}`;
    problems.error({
      code: 'duplicate-host',
      message,
      hint: 'leave "auth" out: the one of the shared set is kept',
      file: route.file,
      at: route.at,
    });
  }
}
