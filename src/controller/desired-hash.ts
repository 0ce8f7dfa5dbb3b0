import type { DesiredBottle, DesiredState } from '../model/desired-state.ts';
import { fingerprint } from '../model/fingerprint.ts';
import type { BottleName } from '../model/names.ts';

/** A desired bottle never changes, so its hash is made once however many passes look at it. */
const hashes = new WeakMap<DesiredBottle, string>();

/** Fingerprint of what a commit asks of a bottle; `removed` when it asks for nothing. */
export function desiredHash(desired: DesiredState, name: BottleName): string {
  const bottle = desired.bottles[name];
  if (bottle === undefined) return 'removed';
  const known = hashes.get(bottle);
  if (known !== undefined) return known;
  const hash = fingerprint(bottle.spec);
  hashes.set(bottle, hash);
  return hash;
}
