import type { AllowlistEntry, DenyEntry, EgressRoute } from '../../model/egress-route.ts';
import { fingerprint } from '../../model/fingerprint.ts';
import type { BottleName } from '../../model/names.ts';
import { decide, type EgressRequest, isMatch } from '../../sidecars/egress/decide.ts';
import { compileTable, type RouteTable, rulesOf } from '../../sidecars/egress/route-table.ts';

/** What is enforced, or would be. Secrets by name: their values are of no use to the question. */
export interface Rules {
  readonly bottle: BottleName;
  readonly routes: readonly EgressRoute[];
  readonly allowlist: readonly AllowlistEntry[];
  readonly deny: readonly DenyEntry[];
  readonly secrets: readonly string[];
}

/** The rule that a judgement rests on, and the values of it that it turned on: a path, a method. */
export type DecidingRule =
  | { readonly kind: 'route'; readonly rule: EgressRoute; readonly values: readonly string[] }
  | {
      readonly kind: 'allowlist';
      readonly rule: AllowlistEntry;
      readonly values: readonly string[];
    }
  | { readonly kind: 'deny'; readonly rule: DenyEntry; readonly values: readonly string[] };

export interface Judgement {
  readonly isAllowed: boolean;
  readonly reason: string;
  /** What lets it through; of a denied request what stands in its way. Null when nothing speaks of the host. */
  readonly by: DecidingRule | null;
}

/** Decides as egress does, by its own function. Null rules are a sidecar that never had a table. */
export function judgeRequest(
  rules: Rules | null,
  request: EgressRequest,
  nowMs: number,
): Judgement {
  const table = rules === null ? null : tableOf(rules);
  const decision = decide(table, request, nowMs);
  const { host } = request.authority;
  switch (decision.kind) {
    case 'local':
      return { isAllowed: true, reason: 'egress answers this host itself', by: null };
    case 'deny':
      return { isAllowed: false, reason: decision.reason, by: table && speaksOf(table, host) };
    case 'allow': {
      const by = table && decidingRule(table, decision.route, request);
      return {
        isAllowed: true,
        reason: allowedBy(by, decision.inject !== null, request.method),
        by,
      };
    }
  }
}

function tableOf({ bottle, routes, allowlist, deny, secrets: names }: Rules): RouteTable {
  const upstream = { hosts: {}, trustedCaPem: [] };
  const secrets = Object.fromEntries(names.map((name) => [name, { version: '', value: 'set' }]));
  const versions = Object.fromEntries(names.map((name) => [name, '']));
  const content = { routes, allowlist, deny, upstream, secrets: versions };
  return compileTable({ generation: 0, bottle, hash: fingerprint(content), ...content }, secrets);
}

function decidingRule(
  table: RouteTable,
  route: EgressRoute | null,
  request: EgressRequest,
): DecidingRule | null {
  if (route === null) return speaksOf(table, request.authority.host);
  const compiled = rulesOf(table.routes, request.authority.host).find(
    (each) => each.route === route,
  );
  const values = (compiled?.matches ?? []).flatMap((match, index) => {
    if (!isMatch(match, request)) return [];
    const { methods, paths } = match;
    const at = paths.findIndex((matches) => matches(request.path));
    const path = route.matches[index]?.paths[at]?.value;
    return [...(path === undefined ? [] : [path]), ...(methods.size > 0 ? [request.method] : [])];
  });
  return { kind: 'route', rule: route, values };
}

/** The denial, or else the route or the allowlist's entry, that the host is decided by. */
function speaksOf(table: RouteTable, host: string): DecidingRule | null {
  const [denial] = rulesOf(table.deny, host);
  if (denial !== undefined) return { kind: 'deny', rule: denial, values: [] };
  const [route] = rulesOf(table.routes, host);
  if (route !== undefined) return { kind: 'route', rule: route.route, values: [] };
  const [listed] = rulesOf(table.allowlist, host);
  return listed === undefined ? null : { kind: 'allowlist', rule: listed.entry, values: [] };
}

function allowedBy(by: DecidingRule | null, isInjected: boolean, method: string): string {
  if (by?.kind !== 'route') return 'the allowlist opens the whole host';
  const credential = isInjected ? `, with secret ${by.rule.auth?.secret}` : '';
  const dlp = by.rule.dlp === null ? '' : ', once no secret is found in it';
  const body = method === 'GET' && by.rule.getBody === true ? ', also with a body' : '';
  return `a route lets it through${body}${credential}${dlp}`;
}
