import type { AllowlistEntry, EgressRoute } from '../model/egress-route.ts';
import { coversHost } from '../model/host-name.ts';
import type { BottleName, Revision } from '../model/names.ts';
import { renderEgressTable } from '../reconcilers/egress/render-table.ts';
import { desiredAt, type PassPorts, type PassResult } from './pass.ts';

/** A host that was approved for a bottle by a commit. */
export interface ApprovedHost {
  readonly bottle: BottleName;
  readonly revision: Revision;
  readonly host: string;
}

/** What lists hosts: a spec or a table. */
interface Lists {
  readonly routes: readonly EgressRoute[];
  readonly allowlist: readonly AllowlistEntry[];
}

/**
 * Why nothing of what was approved is left, or null: a later commit took it out (a rollback, a revert, an edit by hand), or
 * its end has passed, before anybody was answered. What the approval's own commit does not have either is only what the
 * queue says now, which a bottle can write to.
 */
export async function goneSince(
  { bottle, revision, host }: ApprovedHost,
  { desired: now, context }: PassResult,
  ports: Pick<PassPorts, 'git' | 'policy' | 'clock'>,
): Promise<string | null> {
  const bottleNow = now.bottles[bottle];
  if (bottleNow === undefined) return null;
  const nowMs = ports.clock.nowMs();
  if (isOpen(host, renderEgressTable(bottleNow, context.host, nowMs), nowMs)) return null;
  const { desired } = await desiredAt(revision, ports);
  const spec = desired?.bottles[bottle]?.spec;
  if (spec === undefined) return null;
  const ends = decidingRules(host, { ...spec.egress, ...spec }).map(({ expires }) => expires);
  if (ends.length === 0) return null;
  const was = `${host} was allowed in ${revision.slice(0, 12)}`;
  const last = ends.toSorted().at(-1);
  return ends.every((end) => hasPassed(end, nowMs))
    ? `${was} until ${last}, which has passed`
    : `${was} and is not any more`;
}

function isOpen(host: string, lists: Lists, nowMs: number): boolean {
  return decidingRules(host, lists).some(({ expires }) => !hasPassed(expires, nowMs));
}

/** As egress looks: the nearest routes decide alone, without any the allowlist does. */
function decidingRules(
  host: string,
  { routes, allowlist }: Lists,
): readonly (EgressRoute | AllowlistEntry)[] {
  const own = nearest(host, routes);
  return own.length > 0 ? own : nearest(host, allowlist);
}

function nearest<Rule extends { readonly host: string }>(
  host: string,
  rules: readonly Rule[],
): readonly Rule[] {
  const covering = rules.filter((rule) => coversHost(rule.host, host));
  // A wildcard covers what is longer than itself only, so of two patterns the longer one is nearer.
  const length = Math.max(...covering.map((rule) => rule.host.length));
  return covering.filter((rule) => rule.host.length === length);
}

/** An instant that cannot be read counts as passed: policy fails closed. */
function hasPassed(end: string | null, nowMs: number): boolean {
  return end !== null && !(Date.parse(end) > nowMs);
}
