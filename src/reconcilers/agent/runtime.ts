import type { Availability } from '../../model/availability.ts';
import type { RuntimeChoice } from '../../model/bottle-spec.ts';

/** What a choice of runtime comes to on one engine. */
export type ResolvedRuntime =
  /** Null = the engine's default. */
  | { readonly kind: 'resolved'; readonly runtime: string | null }
  | { readonly kind: 'missing'; readonly runtime: string };

/** `auto` takes gVisor where the engine has it; what was named is taken or missing, never replaced by less. */
export function resolveRuntime(choice: RuntimeChoice, availability: Availability): ResolvedRuntime {
  const runtimes = availability.available ? availability.runtimes : [];
  if (choice === 'auto') {
    return { kind: 'resolved', runtime: runtimes.includes('runsc') ? 'runsc' : null };
  }
  return runtimes.includes(choice)
    ? { kind: 'resolved', runtime: choice }
    : { kind: 'missing', runtime: choice };
}
