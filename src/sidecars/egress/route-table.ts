import type {
  AllowlistEntry,
  DenyEntry,
  EgressRoute,
  PathMatch,
  RouteMatch,
} from '../../model/egress-route.ts';
import type { EgressSecrets, EgressTable } from '../../model/sidecar.ts';

/** A route with what is worth computing once. */
export interface CompiledRoute {
  readonly route: EgressRoute;
  readonly expiresAtMs: number;
  readonly matches: readonly CompiledMatch[];
}

export interface CompiledMatch {
  readonly methods: ReadonlySet<string>;
  readonly headers: RouteMatch['headers'];
  readonly paths: readonly ((path: string) => boolean)[];
}

interface CompiledEntry {
  readonly entry: AllowlistEntry;
  readonly expiresAtMs: number;
}

/** A table made ready for decisions: a decision looks at the rules of one host, however many there are. */
export interface RouteTable {
  readonly table: EgressTable;
  readonly secrets: EgressSecrets;
  readonly routes: ReadonlyMap<string, readonly CompiledRoute[]>;
  readonly allowlist: ReadonlyMap<string, readonly CompiledEntry[]>;
  readonly deny: ReadonlyMap<string, readonly DenyEntry[]>;
}

/** Throws where a regular expression does not compile: such a table is refused whole. */
export function compileTable(table: EgressTable, secrets: EgressSecrets): RouteTable {
  return {
    table,
    secrets,
    routes: Map.groupBy(table.routes.map(compileRoute), ({ route }) => route.host),
    allowlist: Map.groupBy(
      table.allowlist.map((entry) => ({ entry, expiresAtMs: instantMs(entry.expires) })),
      ({ entry }) => entry.host,
    ),
    deny: Map.groupBy(table.deny ?? [], ({ host }) => host),
  };
}

/**
 * The rules that speak for `host`: those of the exact name, else those of the nearest wildcard above it.
 * `*.example.org` stands for every name below `example.org`, not for itself.
 */
export function rulesOf<Rule>(
  rules: ReadonlyMap<string, readonly Rule[]>,
  host: string,
): readonly Rule[] {
  const exact = rules.get(host);
  if (exact !== undefined) return exact;
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    const wild = rules.get(`*${host.slice(dot)}`);
    if (wild !== undefined) return wild;
  }
  return [];
}

function compileRoute(route: EgressRoute): CompiledRoute {
  return {
    route,
    expiresAtMs: instantMs(route.expires),
    matches: route.matches.map((match) => ({
      methods: new Set(match.methods),
      headers: match.headers,
      paths: match.paths.map(compilePath),
    })),
  };
}

function compilePath(match: PathMatch): (path: string) => boolean {
  const { value } = match;
  switch (match.kind) {
    case 'exact':
      return (path) => path === value;
    case 'prefix': {
      if (value.endsWith('/')) return (path) => path.startsWith(value);
      const below = `${value}/`;
      return (path) => path === value || path.startsWith(below);
    }
    case 'regex': {
      const whole = new RegExp(`^(?:${value})$`);
      return (path) => whole.test(path);
    }
  }
}

function instantMs(instant: string | null): number {
  return instant === null ? Number.POSITIVE_INFINITY : Date.parse(instant);
}
