import { describe, expect, test } from 'vitest';
import type { PolicyDecision, PolicyRule } from '../../src/model/approval-policy.ts';
import type { EgressRoute } from '../../src/model/egress-route.ts';
import type { ProposalRequest } from '../../src/model/proposal.ts';
import { effectiveChange } from '../../src/supervise/effective-change.ts';
import { beyondRule, ruleFor } from '../../src/supervise/policy-rule.ts';
import { bottle, bottleName, desiredState, route } from '../builders/observed.ts';
import { proposalRequest } from '../builders/proposal.ts';

const APPROVE: PolicyDecision = { kind: 'approve', expiresAfterMs: null };
const REJECT: PolicyDecision = { kind: 'reject', reason: 'no' };
const ASK: PolicyDecision = { kind: 'ask' };

const rule = (does: PolicyDecision, more: Partial<PolicyRule> = {}): PolicyRule => ({
  file: 'p',
  number: 1,
  tool: null,
  hosts: [],
  methods: [],
  does,
  ...more,
});
const decides = (request: ProposalRequest, ...rules: PolicyRule[]) =>
  ruleFor(request, rules)?.does.kind ?? null;

const API = 'api.example.test';
const WHOLE: ProposalRequest = { tool: 'pipelock-block', host: API, failedUrl: `https://${API}/` };
const IMAGE: ProposalRequest = { tool: 'capability-block', dockerfile: 'FROM x\n' };

describe('the rule that decides', () => {
  test('is the first that matches, and none is an operator', () => {
    const rules = [
      rule(ASK, { hosts: [API] }),
      rule(APPROVE, { hosts: ['*.example.test'] }),
      rule(REJECT, { hosts: ['*.ngrok.test'] }),
    ];
    expect(decides(proposalRequest(), ...rules)).toBe('ask');
    expect(decides(proposalRequest({ host: 'b.example.test' }), ...rules)).toBe('approve');
    expect(decides(proposalRequest({ host: 'x.ngrok.test' }), ...rules)).toBe('reject');
    expect(decides(proposalRequest({ host: 'example.test' }), ...rules)).toBeNull();
    expect(decides(proposalRequest({ host: 'other.test' }), ...rules)).toBeNull();
  });

  test('approves only what it covers whole; refuses and asks about any part', () => {
    const get = { hosts: [API], methods: ['GET'] };
    const both = proposalRequest({ methods: ['GET', 'POST'] });
    expect(decides(proposalRequest({ methods: ['GET'] }), rule(APPROVE, get))).toBe('approve');
    expect(decides(both, rule(APPROVE, get))).toBeNull();
    expect(decides(both, rule(REJECT, get))).toBe('reject');
    expect(decides(proposalRequest({ methods: [] }), rule(APPROVE, get))).toBeNull();
    expect(decides(proposalRequest({ methods: [] }), rule(REJECT, get))).toBe('reject');
    expect(decides(WHOLE, rule(APPROVE, get))).toBeNull();
    expect(decides(WHOLE, rule(APPROVE, { hosts: [API] }))).toBe('approve');
  });

  test('never approves a credential, a wildcard or an image; it may refuse them', () => {
    const auth = { scheme: 'Bearer', secret: 'x' } as const;
    const everything = rule(APPROVE, { hosts: [API, '*.example.test'] });
    expect(decides(proposalRequest({ auth }), everything)).toBeNull();
    expect(decides(proposalRequest({ host: '*.example.test' }), everything)).toBeNull();
    const part = rule(REJECT, { hosts: [API] });
    expect(decides(proposalRequest({ host: '*.example.test' }), part)).toBe('reject');
    expect(decides(proposalRequest({ host: '*.other.test' }), part)).toBeNull();
    expect(decides(IMAGE, rule(APPROVE))).toBeNull();
    expect(decides(IMAGE, rule(REJECT, { tool: 'capability-block' }))).toBe('reject');
    expect(decides(IMAGE, rule(REJECT, { hosts: [API] }))).toBeNull();
    expect(decides(proposalRequest({ auth }), everything, rule(REJECT))).toBe('reject');
  });
});

describe('an approval in sum', () => {
  const fleet = (...routes: readonly EgressRoute[]) =>
    desiredState([bottle('dev', { egress: { routes } })]);
  const get = rule(APPROVE, { hosts: [API], methods: ['GET'] });
  const allowed = (paths: readonly string[], methods: readonly string[]) =>
    route(API, {
      matches: [{ paths: paths.map((value) => ({ kind: 'prefix', value })), methods, headers: [] }],
    });
  const judge = (before: ReturnType<typeof fleet>, after: ReturnType<typeof fleet>) =>
    beyondRule(get, bottleName('dev'), effectiveChange(before, after));

  test('is within its rule when all that it adds is', () => {
    expect(judge(fleet(), fleet(allowed(['/v1/'], ['GET'])))).toBeNull();
  });

  test('is beyond it when it unites with what carries a credential, or opens more', () => {
    const withAuth = { ...allowed(['/v2/'], ['GET']), auth: { scheme: 'Bearer', secret: 'x' } };
    expect(judge(fleet(), fleet(withAuth as EgressRoute))).toContain('carry');
    const [old, sum] = [allowed(['/a/'], ['POST']), allowed(['/a/', '/b/'], ['GET', 'POST'])];
    expect(judge(fleet(old), fleet(sum))).toContain('POST');
    expect(judge(fleet(), fleet(route('other.test')))).toContain('other.test');
    const narrow = allowed(['/v1/'], ['GET']).matches.map((match) => {
      return { ...match, headers: [{ name: 'accept', exact: 'text/x' }] };
    });
    const limited = { ...withAuth, matches: narrow } as EgressRoute;
    const unlimited = { ...withAuth, matches: [...narrow, ...allowed(['/v1/'], ['GET']).matches] };
    expect(judge(fleet(limited), fleet(unlimited as EgressRoute))).toContain('carry');
    const two = desiredState([
      bottle('dev', { egress: { routes: [allowed(['/v1/'], ['GET'])] } }),
      bottle('qa', { egress: { routes: [allowed(['/v1/'], ['GET'])] } }),
    ]);
    expect(judge(desiredState([bottle('dev'), bottle('qa')]), two)).toContain('qa');
  });
});
