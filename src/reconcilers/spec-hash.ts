import type { BottleSpec } from '../model/bottle-spec.ts';
import { fingerprint } from '../model/fingerprint.ts';
import type { Fingerprint } from '../model/names.ts';

/** Specifications never change, so each is hashed once however many passes look at it. */
const known = new WeakMap<BottleSpec, Fingerprint>();

/**
 * Fingerprint of what a commit asks of a bottle, as `AppliedRecord.specHash` keeps it. Metadata is left out: a new
 * label is no reason to do anything, and neither is another limit of what is only watched.
 */
export function specHash(spec: BottleSpec): Fingerprint {
  const before = known.get(spec);
  if (before !== undefined) return before;
  const {
    label: _label,
    color: _color,
    description: _description,
    diskBytes: _diskBytes,
    ...rest
  } = spec;
  const hash = fingerprint(rest);
  known.set(spec, hash);
  return hash;
}
