import type { DesiredState } from '../model/desired-state.ts';

/**
 * Routes that would end earlier than they do, one sentence each. A bottle's routes for one host end together, so an end
 * on what is added can reach what was there, from whatever set it came.
 */
export function cutShort(before: DesiredState, after: DesiredState): readonly string[] {
  return Object.values(before.bottles).flatMap(({ name, spec, origins }) =>
    spec.egress.routes.flatMap((route) => {
      const next = after.bottles[name]?.spec.egress.routes.find(({ host }) => host === route.host);
      if (next === undefined || next.expires === null || endMs(next) >= endMs(route)) return [];
      const until = route.expires === null ? 'without an end' : `until ${route.expires}`;
      const origin = origins[`route:${route.host}`];
      const where = origin === undefined ? '' : ` by ${origin.file}:${origin.line}`;
      return [
        `${name} reaches ${route.host} ${until}${where}: that would end at ${next.expires} too`,
      ];
    }),
  );
}

function endMs({ expires }: { readonly expires: string | null }): number {
  return expires === null ? Number.POSITIVE_INFINITY : Date.parse(expires);
}
