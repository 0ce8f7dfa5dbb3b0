import type { BottleSpec } from '../model/bottle-spec.ts';
import type { HostFacts } from '../reconcilers/plan-context.ts';

/** What these bottles ask for and this version does not do, and guarantees that are weaker than the full ones. */
export function notEnforced(
  specs: readonly BottleSpec[],
  host: Pick<HostFacts, 'pipelock'> | undefined,
): readonly string[] {
  const gitGate = specs.some((spec) => Object.keys(spec.gitGate.repos).length > 0);
  return [
    ...(host?.pipelock === undefined
      ? ['pipelock: built-in (egress enforces the host list by itself)']
      : []),
    ...(gitGate ? ['gitGate: declared by a bottle, not enforced in this version'] : []),
  ];
}
