import type { DesiredState } from '../model/desired-state.ts';

/** Names of all secrets that some route of the fleet injects, once each. */
export function secretNames(desired: DesiredState): readonly string[] {
  const names = new Set<string>();
  for (const bottle of Object.values(desired.bottles)) {
    for (const route of bottle.spec.egress.routes) {
      if (route.auth !== null) names.add(route.auth.secret);
    }
  }
  return [...names].sort();
}
