import type { PolicyRule } from '../model/approval-policy.ts';
import { assertNever } from '../model/assert-never.ts';
import { coversHost } from '../model/host-name.ts';
import type { BottleName } from '../model/names.ts';
import type { ProposalRequest } from '../model/proposal.ts';
import type { BottleChange } from './effective-change.ts';

/** The first rule that decides this request, or null: an operator does. Pure. */
export function ruleFor(request: ProposalRequest, rules: readonly PolicyRule[]): PolicyRule | null {
  return rules.find((rule) => matches(rule, request)) ?? null;
}

/**
 * Why approving by `rule` would allow more than the rule says, or null. Judged by the effective change: what is united
 * with a route that is there can carry its credential, and open more in sum than was asked for.
 */
export function beyondRule(
  rule: PolicyRule,
  bottle: BottleName,
  changes: readonly BottleChange[],
): string | null {
  for (const change of changes) {
    if (change.bottle !== bottle) return `it changes ${change.bottle} too`;
    if (change.others.length > 0) return change.others.join('; ');
    const credentialed = change.routes.find((route) => route.auth !== null);
    if (credentialed !== undefined) return `requests to ${credentialed.host} carry a credential`;
    const grant = change.grants.find(({ host }) => !isCovered(host, rule.hosts));
    if (grant !== undefined) return `it opens ${grant.host}`;
    if (rule.methods.length === 0) continue;
    const other = change.grants.find(
      ({ method }) => method === null || !rule.methods.includes(method),
    );
    if (other !== undefined) return `it allows ${other.method ?? 'every method'} to ${other.host}`;
  }
  return null;
}

/** An approval has to cover all that is asked for; a refusal or a question is about any part of it. */
function matches(rule: PolicyRule, request: ProposalRequest): boolean {
  if (rule.tool !== null && rule.tool !== request.tool) return false;
  switch (request.tool) {
    case 'egress-block':
      return rule.does.kind === 'approve'
        ? request.auth === null &&
            isCoveredName(request.host, rule.hosts) &&
            isWithin(request.methods, rule.methods)
        : isTouched(request.host, rule.hosts) && isAnyOf(request.methods, rule.methods);
    case 'pipelock-block':
      return rule.does.kind === 'approve'
        ? isCoveredName(request.host, rule.hosts) && isWithin([], rule.methods)
        : isTouched(request.host, rule.hosts);
    case 'capability-block':
      return rule.does.kind !== 'approve' && rule.hosts.length + rule.methods.length === 0;
    case 'egress-token-allow':
      return (
        rule.does.kind !== 'approve' &&
        isTouched(request.host, rule.hosts) &&
        isAnyOf([request.method], rule.methods)
      );
    default:
      return assertNever(request);
  }
}

/** Rules name hosts and patterns; a request for a pattern is never covered by one. */
function isCoveredName(host: string, patterns: readonly string[]): boolean {
  return !host.startsWith('*.') && isCovered(host, patterns);
}

function isCovered(host: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => coversHost(pattern, host));
}

/** Whether `host`, a name or a pattern, and one of these have a name in common; none of them stands for every name. */
function isTouched(host: string, patterns: readonly string[]): boolean {
  return (
    patterns.length === 0 ||
    patterns.some((pattern) => coversHost(pattern, host) || coversHost(host, pattern))
  );
}

/** No method named asks for every one. */
function isWithin(asked: readonly string[], allowed: readonly string[]): boolean {
  if (allowed.length === 0) return true;
  return asked.length > 0 && asked.every((method) => allowed.includes(method));
}

function isAnyOf(asked: readonly string[], named: readonly string[]): boolean {
  return named.length === 0 || asked.length === 0 || asked.some((method) => named.includes(method));
}
