import type { DesiredState } from '../model/desired-state.ts';
import type { BottleName } from '../model/names.ts';
import { specHash } from '../reconcilers/spec-hash.ts';

/** Fingerprint of what a commit asks of a bottle; `removed` when it asks for nothing. */
export function desiredHash(desired: DesiredState, name: BottleName): string {
  const bottle = desired.bottles[name];
  return bottle === undefined ? 'removed' : specHash(bottle.spec);
}
