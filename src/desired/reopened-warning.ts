import type { Origin } from '../model/desired-state.ts';
import { type BottleNetwork, composeNetwork, type NetworkParts } from './bottle-network.ts';
import { type Problems, quote } from './problems.ts';
import { reopened } from './reopened.ts';

/** Warns of routes whose end would open their host wider: those are not taken out by themselves. */
export function reportReopened(
  parts: NetworkParts,
  network: BottleNetwork,
  problems: Problems,
): void {
  const ends = new Set(network.routes.flatMap(({ expires }) => expires ?? []));
  for (const end of ends) {
    const later = composeNetwork(outliving(parts, Date.parse(end)));
    for (const { host, expires, by } of reopened(network, later)) {
      if (expires !== end) continue;
      const [route, opener] = [network.origins[`route:${host}`], later.origins[by]];
      if (route === undefined || opener === undefined) continue;
      problems.warning(reopenedWarning({ host, end }, route, opener));
    }
  }
}

function outliving(parts: NetworkParts, endMs: number): NetworkParts {
  const lasts = ({ expires }: { readonly expires: string | null }) =>
    expires === null || Date.parse(expires) > endMs;
  return {
    ...parts,
    routes: parts.routes.filter(lasts),
    ownRoutes: parts.ownRoutes.filter(lasts),
    hosts: parts.hosts.filter(lasts),
  };
}

function reopenedWarning(
  { host, end }: { readonly host: string; readonly end: string },
  route: Origin,
  opener: Origin,
) {
  return {
    code: 'reopened',
    message: `the route of ${quote(host)} ends at ${end}, and ${opener.file} would open the host from then on: it stays closed`,
    hint: `see ${opener.file}:${opener.line}: give both one end, or take one of them out`,
    file: route.file,
    at: { line: route.line, column: 1 },
  } as const;
}
