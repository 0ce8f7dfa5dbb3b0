import type { BottleSpec } from '../model/bottle-spec.ts';

/** What these bottles ask for and this version does not do, and guarantees that are weaker than the full ones. */
export function notEnforced(specs: readonly BottleSpec[]): readonly string[] {
  const dlp = specs.some(({ egress }) => egress.routes.some((route) => route.dlp !== null));
  const gitGate = specs.some((spec) => Object.keys(spec.gitGate.repos).length > 0);
  return [
    'pipelock: built-in (egress enforces the host list by itself)',
    ...(dlp ? ['dlp: declared by a route, not enforced in this version'] : []),
    ...(gitGate ? ['gitGate: declared by a bottle, not enforced in this version'] : []),
  ];
}
