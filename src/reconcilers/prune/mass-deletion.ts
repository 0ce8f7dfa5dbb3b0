import type { Plan } from '../../model/action.ts';

/** This many may always go at once. */
const ALWAYS_ALLOWED = 3;

/** Refuses a plan that would remove more than half of what exists: more often a wrong branch than a wish. */
export function massDeletionRefusal(
  removed: number,
  existing: number,
  allowMassDelete: boolean,
): Plan['refused'] {
  if (allowMassDelete || removed <= ALWAYS_ALLOWED || removed * 2 <= existing) return null;
  return {
    reason: `this would remove ${removed} of ${existing} bottles`,
    hint: 'check that branch and folder are the right ones; if it is meant, run `bb reconcile --allow-mass-delete`',
  };
}
