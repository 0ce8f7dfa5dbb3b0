import type { BottleSpec } from '../model/bottle-spec.ts';
import type { EgressRoute, PathMatch, RouteMatch } from '../model/egress-route.ts';

/**
 * One thing that a bottle may do, until it ends: requests of one method (null: any) to one path (null: every), with all
 * of these headers.
 */
export interface Grant {
  readonly host: string;
  readonly path: PathMatch | null;
  readonly method: string | null;
  readonly headers: RouteMatch['headers'];
  /** RFC 3339, or null when it lasts. */
  readonly expires: string | null;
}

/**
 * What the routes and allowlists of a bottle allow, multiplied out: two narrow lists in one rule allow every pair of
 * them, which is what an operator has to see.
 */
export function grantsOf(spec: Pick<BottleSpec, 'egress' | 'allowlist'>): readonly Grant[] {
  const whole = spec.allowlist.map(
    ({ host, expires }): Grant => ({ host, path: null, method: null, headers: [], expires }),
  );
  return [...spec.egress.routes.flatMap(grantsOfRoute), ...whole];
}

/** The grants of `after` that nothing of `before` allowed. */
export function addedGrants(before: readonly Grant[], after: readonly Grant[]): readonly Grant[] {
  const byHost = Map.groupBy(before, (grant) => grant.host);
  return after.filter(
    (grant) => !(byHost.get(grant.host) ?? []).some((known) => covers(known, grant)),
  );
}

/** `GET, POST api.example.test /v1/`, one line for each host and path. */
export function describeGrants(grants: readonly Grant[]): readonly string[] {
  const byTarget = Map.groupBy(
    grants,
    ({ host, path, headers, expires }) =>
      `${host} ${describePath(path)}${describeHeaders(headers)}${expires === null ? '' : ` until ${expires}`}`,
  );
  return [...byTarget].map(([target, group]) => {
    const methods = new Set(group.map((grant) => grant.method ?? 'any method'));
    return `${[...methods].sort().join(', ')} ${target}`;
  });
}

function grantsOfRoute({ host, matches, expires }: EgressRoute): readonly Grant[] {
  if (matches.length === 0) return [{ host, path: null, method: null, headers: [], expires }];
  return matches.flatMap((match) => grantsOfMatch({ host, expires }, match));
}

function grantsOfMatch(
  whole: Pick<Grant, 'host' | 'expires'>,
  { paths, methods, headers }: RouteMatch,
): readonly Grant[] {
  const anyOf = <Item>(items: readonly Item[]): readonly (Item | null)[] =>
    items.length === 0 ? [null] : items;
  return anyOf(paths).flatMap((path) =>
    anyOf(methods).map((method) => ({ ...whole, path, method, headers })),
  );
}

function covers(known: Grant, grant: Grant): boolean {
  if (lastsUntilMs(known) < lastsUntilMs(grant)) return false;
  if (known.method !== null && known.method !== grant.method) return false;
  if (!known.headers.every((header) => requires(grant, header))) return false;
  if (known.path === null) return true;
  if (grant.path === null) return isEveryPath(known.path);
  if (known.path.kind === 'prefix' && grant.path.kind !== 'regex') {
    return isBelow(known.path.value, grant.path.value);
  }
  return known.path.kind === grant.path.kind && known.path.value === grant.path.value;
}

function requires({ headers }: Grant, { name, exact }: RouteMatch['headers'][number]): boolean {
  return headers.some((each) => each.name === name && each.exact === exact);
}

function lastsUntilMs({ expires }: Grant): number {
  return expires === null ? Number.POSITIVE_INFINITY : Date.parse(expires);
}

/** As egress compares: `/v1` and what is below it, but not `/v1x`. */
function isBelow(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

/** True for the prefix that every path begins with. */
export function isEveryPath(path: PathMatch | null): boolean {
  return path === null || (path.kind === 'prefix' && path.value === '/');
}

function describePath(path: PathMatch | null): string {
  if (isEveryPath(path) || path === null) return '(every path)';
  switch (path.kind) {
    case 'prefix':
      return path.value.endsWith('/') ? `${path.value}*` : `${path.value} ${path.value}/*`;
    case 'exact':
      return path.value;
    case 'regex':
      return `(paths that match ${path.value})`;
  }
}

function describeHeaders(headers: Grant['headers']): string {
  const all = headers.map(({ name, exact }) => `${name}: ${exact}`);
  return all.length === 0 ? '' : ` with ${all.join(', ')}`;
}
