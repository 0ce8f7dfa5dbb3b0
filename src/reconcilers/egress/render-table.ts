import { closing, reopened } from '../../desired/reopened.ts';
import type { DesiredBottle } from '../../model/desired-state.ts';
import type { AllowlistEntry, EgressRoute } from '../../model/egress-route.ts';
import { fingerprint, sha256 } from '../../model/fingerprint.ts';
import type { EgressTable } from '../../model/sidecar.ts';
import { sortedBy } from '../order.ts';
import { renderPipelockConfig } from '../pipelock/render-config.ts';
import type { HostFacts } from '../plan-context.ts';

/** A table before it has a generation: what the controller hands to the sidecar files. */
export type RenderedTable = Omit<EgressTable, 'generation'>;

export interface RenderedEgress {
  readonly table: RenderedTable;
  /** Text of `pipelock.yaml`; null where egress is the only gate. */
  readonly pipelockConfig: string | null;
}

/**
 * The egress table of a bottle at an instant: what has expired is not in it, but routes that close a host which something
 * else would open, and those without their credential: nothing can use it any more. Secrets are named with their
 * version; one without a value is left out here and keeps the bottle from being touched (`missingSecrets`).
 */
export function renderEgress(
  bottle: DesiredBottle,
  host: Pick<HostFacts, 'upstream' | 'secretVersions' | 'pipelock'>,
  nowMs: number,
): RenderedEgress {
  const inForce = (entry: EgressRoute | AllowlistEntry) => isInForce(entry, nowMs);
  const lists = {
    routes: bottle.spec.egress.routes.filter(inForce),
    allowlist: bottle.spec.allowlist.filter(inForce),
  };
  const before = { routes: bottle.spec.egress.routes, allowlist: bottle.spec.allowlist };
  const closed = new Set(reopened(before, lists).map(({ host }) => host));
  const kept = bottle.spec.egress.routes.flatMap((route) => {
    if (inForce(route)) return [route];
    return closed.has(route.host) ? [closing(route)] : [];
  });
  const routes = sortedBy(kept, (route) => route.host);
  const allowlist = sortedBy(lists.allowlist, (entry) => entry.host);
  const secrets = Object.fromEntries(
    secretNames(routes).flatMap((name) => {
      const version = host.secretVersions[name];
      return version === undefined ? [] : [[name, version] as const];
    }),
  );
  const { upstream } = host;
  const { extra } = bottle.spec.pipelock;
  const pipelockConfig =
    host.pipelock === undefined
      ? null
      : renderPipelockConfig({ routes, allowlist, upstream, extra });
  const deny = sortedBy(bottle.spec.deny, (entry) => entry.host);
  const content = {
    routes,
    allowlist,
    ...(deny.length === 0 ? {} : { deny }),
    upstream,
    secrets,
    ...(pipelockConfig === null ? {} : { pipelockConfig: sha256(pipelockConfig) }),
  };
  const table = { bottle: bottle.name, hash: fingerprint(content), ...content };
  return { table, pipelockConfig };
}

/** The table alone; see `renderEgress`. */
export function renderEgressTable(...given: Parameters<typeof renderEgress>): RenderedTable {
  return renderEgress(...given).table;
}

/** Secrets that a table's routes need and that have no value on this host, with the first host that needs each. */
export function missingSecrets(
  table: RenderedTable,
): readonly { readonly secret: string; readonly host: string }[] {
  return secretNames(table.routes)
    .filter((secret) => table.secrets[secret] === undefined)
    .map((secret) => ({
      secret,
      host: table.routes.find((route) => route.auth?.secret === secret)?.host ?? '',
    }));
}

/** An instant that cannot be read counts as passed: policy fails closed. */
function isInForce(entry: EgressRoute | AllowlistEntry, nowMs: number): boolean {
  return entry.expires === null || Date.parse(entry.expires) > nowMs;
}

function secretNames(routes: readonly EgressRoute[]): readonly string[] {
  const names = routes.flatMap((route) => (route.auth === null ? [] : [route.auth.secret]));
  return [...new Set(names)].sort();
}
