import type { PolicyDecision, PolicyRule } from '../model/approval-policy.ts';
import { parseHost } from './host-name.ts';
import { accepted } from './parsed.ts';
import type { Problems } from './problems.ts';
import type { WrittenPolicy } from './schema/policy.ts';
import type { WrittenFile } from './written-file.ts';
import type { Named } from './written-tree.ts';

type WrittenRule = WrittenPolicy['rules'][number];

/** Tools whose proposals a rule may approve: the others are an operator's alone. */
const APPROVABLE: readonly WrittenRule['when']['tool'][] = [
  undefined,
  'egress-block',
  'pipelock-block',
];
const FACTOR_MS: { readonly [unit: string]: number } = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The rules of every policy file, by file name and then by place. Reports what a rule cannot do. */
export function resolvePolicies(
  policies: Named<WrittenPolicy>,
  problems: Problems,
): readonly PolicyRule[] {
  return [...policies]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([, file]) =>
      (file?.value.rules ?? []).flatMap((rule, index) => {
        if (file === null) return [];
        checkRule(file, rule, index, problems);
        return [resolveRule(file.name, rule, index)];
      }),
    );
}

function resolveRule(file: string, rule: WrittenRule, index: number): PolicyRule {
  const { tool = null, hosts = [], methods = [] } = rule.when;
  return {
    file,
    number: index + 1,
    tool,
    hosts: hosts.map((host) => accepted(parseHost(host))),
    methods,
    does: decisionOf(rule, `refused by rule ${index + 1} of policies/${file}.yaml`),
  };
}

function decisionOf(rule: WrittenRule, standingReason: string): PolicyDecision {
  switch (rule.do) {
    case 'approve':
      return { kind: 'approve', expiresAfterMs: durationMs(rule.expiresAfter) };
    case 'reject':
      return { kind: 'reject', reason: rule.reason ?? standingReason };
    case 'ask':
      return { kind: 'ask' };
  }
}

function checkRule(
  { path, locate }: WrittenFile<WrittenPolicy>,
  rule: WrittenRule,
  index: number,
  problems: Problems,
): void {
  const report = (key: readonly string[], message: string, hint: string) =>
    problems.error({
      code: 'invalid-value',
      message,
      hint,
      file: path,
      at: locate.value(['rules', index, ...key]),
    });
  if (rule.do !== 'approve') {
    if (rule.expiresAfter === undefined) return;
    report(['expiresAfter'], `a rule that says "${rule.do}" grants nothing that ends`, 'remove it');
    return;
  }
  if (!APPROVABLE.includes(rule.when.tool)) {
    report(['when', 'tool'], `no rule approves ${rule.when.tool}`, 'say "do: ask" or "do: reject"');
  }
  if (rule.when.hosts === undefined) {
    report(['when'], 'a rule that approves names its hosts', 'add hosts: [packages.example.com]');
  }
}

function durationMs(raw: string | undefined): number | null {
  const [, digits = '', unit = ''] = /^(\d+)([mhd])$/.exec(raw ?? '') ?? [];
  const factor = FACTOR_MS[unit];
  return factor === undefined ? null : Number(digits) * factor;
}
