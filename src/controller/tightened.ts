import { denialOf } from '../desired/deny-list.ts';
import type { DesiredBottle } from '../model/desired-state.ts';
import type { DenyEntry } from '../model/egress-route.ts';

/**
 * A bottle with more denials, and without what they cover, as it is when a commit is resolved. Nothing else of it
 * changes, and nothing can be reached that could not be before. Pure.
 */
export function tightened(
  bottle: DesiredBottle,
  denials: readonly DenyEntry[],
  origins: DesiredBottle['origins'],
): DesiredBottle {
  const { spec } = bottle;
  const known = new Set(spec.deny.map(({ host }) => host));
  const added = denials.filter(({ host }) => !known.has(host));
  if (added.length === 0) return bottle;
  const isOpen = ({ host }: { readonly host: string }) => denialOf(added, host) === undefined;
  const deny = [...spec.deny, ...added].sort((one, other) => (one.host < other.host ? -1 : 1));
  const places = added.flatMap(({ host }) => {
    const place = origins[`deny:${host}`];
    return place === undefined ? [] : [[`deny:${host}`, place] as const];
  });
  return {
    ...bottle,
    spec: {
      ...spec,
      deny,
      egress: { ...spec.egress, routes: spec.egress.routes.filter(isOpen) },
      allowlist: spec.allowlist.filter(isOpen),
    },
    origins: { ...bottle.origins, ...Object.fromEntries(places) },
  };
}
