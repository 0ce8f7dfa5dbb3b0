import { POLICY_PREFIX, policyOperator } from '../model/approval-policy.ts';
import type { DesiredState } from '../model/desired-state.ts';
import type { Proposal } from '../model/proposal.ts';
import { effectiveChange } from '../supervise/effective-change.ts';
import { beyondRule, ruleFor } from '../supervise/policy-rule.ts';
import type { Answer } from './api.ts';

/** True for an operator who is a rule: `policy/<file>#<n>`. */
export function isRule(operator: string): boolean {
  return operator.trim().toLowerCase().startsWith(POLICY_PREFIX);
}

/**
 * Whether a decision in the name of a rule may be committed on a commit that resolves to `before`, giving `after`: the
 * rule has to be the one that decides there, and to allow all that changes. A person's decision always may. Pure.
 */
export function guardPolicy(
  decides: { readonly kind: 'approve' | 'reject'; readonly operator: string },
  { bottle, request }: Proposal,
  { before, after }: { readonly before: DesiredState; readonly after: DesiredState },
): Answer<null> {
  const { kind, operator } = decides;
  if (!isRule(operator)) return { ok: true, value: null };
  const rule = ruleFor(request, before.policies);
  const isItself = rule !== null && rule.does.kind === kind && policyOperator(rule) === operator;
  const problem = isItself
    ? beyondRule(rule, bottle, effectiveChange(before, after))
    : `${operator} does not decide it any more`;
  if (problem === null) return { ok: true, value: null };
  const message = `an operator decides: ${problem}`;
  return { ok: false, refusal: { kind: 'conflict', message, hint: null, diagnostics: [] } };
}
