import type { ProposalRequest } from './proposal.ts';

/** One rule of `policies/<file>.yaml`, resolved. Of all rules, by file and then by place, the first that matches wins. */
export interface PolicyRule {
  /** Name of the file. */
  readonly file: string;
  /** Place in the file, from 1. */
  readonly number: number;
  /** Null = whatever the tool. */
  readonly tool: ProposalRequest['tool'] | null;
  /** Lower-case A-label names or `*.` patterns; empty = whatever the host. */
  readonly hosts: readonly string[];
  /** Upper-case; empty = whatever the method. */
  readonly methods: readonly string[];
  readonly does: PolicyDecision;
}

export type PolicyDecision =
  | { readonly kind: 'approve'; readonly expiresAfterMs: number | null }
  | { readonly kind: 'reject'; readonly reason: string }
  /** An operator decides, whatever the rules after it say. */
  | { readonly kind: 'ask' };

/** `policy/<file>#<n>`: who decided, as commits and answers name it. */
export function policyOperator({ file, number }: Pick<PolicyRule, 'file' | 'number'>): string {
  return `${POLICY_PREFIX}${file}#${number}`;
}

/** What no person may call themselves. */
export const POLICY_PREFIX = 'policy/';
