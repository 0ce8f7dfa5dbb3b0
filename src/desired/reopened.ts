import type { BottleSpec } from '../model/bottle-spec.ts';
import type { AllowlistEntry, EgressRoute } from '../model/egress-route.ts';
import { coversHost } from '../model/host-name.ts';

type Reach = {
  readonly routes: readonly EgressRoute[];
  readonly allowlist: BottleSpec['allowlist'];
};

/** A host that a route with an end closes but for what it allows, and what opens it when the route is taken out. */
export interface Reopened {
  readonly host: string;
  readonly expires: string;
  /** As in `DesiredBottle.origins`: `allow:<host>` or `route:<host>`. */
  readonly by: string;
}

/**
 * What a bottle could reach only because routes that have an end are gone: a route decides about its host alone, and
 * without it a wider route or an allowlist does. Pure.
 */
export function reopened(before: Reach, after: Reach): readonly Reopened[] {
  const kept = new Set(after.routes.map(({ host }) => host));
  return before.routes.flatMap((route) => {
    const { host, expires } = route;
    if (expires === null || kept.has(host)) return [];
    const by = openerOf(route, after);
    return by === null ? [] : [{ host, expires, by }];
  });
}

/** What is left of a route that has ended and only closes its host: nothing can use its credential any more. */
export function closing(route: EgressRoute): EgressRoute {
  return { ...route, auth: null };
}

/** As egress looks: the nearest wider route, else the allowlist, else for a pattern any name below it. */
function openerOf(route: EgressRoute, { routes, allowlist }: Reach): string | null {
  const wider = nearest(routes.filter(({ host }) => coversHost(host, route.host)));
  if (wider !== undefined) return isWithin(wider, route) ? null : `route:${wider.host}`;
  const entry =
    nearest(allowlist.filter(({ host }) => coversHost(host, route.host))) ??
    allowlist.find(({ host }) => coversHost(route.host, host));
  return entry === undefined ? null : `allow:${entry.host}`;
}

function nearest<Rule extends Pick<AllowlistEntry, 'host'>>(rules: readonly Rule[]) {
  return rules.toSorted((one, other) => other.host.length - one.host.length)[0];
}

function isWithin({ matches }: EgressRoute, route: EgressRoute): boolean {
  if (route.matches.length === 0) return true;
  const known = new Set(route.matches.map((match) => JSON.stringify(match)));
  return matches.length > 0 && matches.every((match) => known.has(JSON.stringify(match)));
}
