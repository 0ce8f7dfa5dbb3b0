import type { BottleName, Revision } from '../../model/names.ts';
import type { BranchHistory } from './branch-history.ts';
import { type AuditCheck, checked } from './verdict.ts';

/** Whether each bottle, and the fleet, is recorded to be at a commit of the branch. */
export function checkApplied(
  history: BranchHistory,
  applied: { readonly [bottle: BottleName]: { readonly revision: Revision } },
  fleetAt: Revision | null,
): AuditCheck {
  const records = Object.entries(applied).map(([bottle, { revision }]) => ({
    of: bottle,
    revision,
  }));
  const all = [...records, ...(fleetAt === null ? [] : [{ of: 'the fleet', revision: fleetAt }])];
  if (all.length === 0) {
    const detail = 'nothing was applied by this host';
    return { name: 'applied', state: 'skipped', detail, findings: [] };
  }
  const findings = all
    .filter(({ revision }) => !history.has(revision))
    .map(({ of, revision }) => ({
      kind: 'applied-outside-history' as const,
      about: `${of} ${revision}`,
      message: `${of} is at commit ${revision.slice(0, 12)}, which the branch does not hold`,
      hint: 'bring the commit back to the branch, or run bb reconcile to apply what the branch asks for',
    }));
  return checked('applied', `${all.length} records`, findings);
}
