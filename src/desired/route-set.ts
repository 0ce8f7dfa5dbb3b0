import type { RouteAuth, RouteDlp, RouteMatch } from '../model/egress-route.ts';
import { parseCidr } from './cidr.ts';
import { reportExpired } from './expiry.ts';
import { parseHost } from './host-name.ts';
import { parseInstant } from './instant.ts';
import { accepted } from './parsed.ts';
import { type Position, type Problems, quote } from './problems.ts';
import type { WrittenAuth, WrittenRoute, WrittenRoutes } from './schema/route.ts';
import { checkSecret, type Trust } from './trust.ts';
import type { WrittenFile } from './written-file.ts';

/** A route of a set, normalised; ports are defaulted when the sets of a bottle come together. */
export interface DeclaredRoute {
  readonly host: string;
  readonly ports: readonly number[] | null;
  readonly matches: readonly RouteMatch[];
  readonly auth: RouteAuth | null;
  readonly dlp: RouteDlp | null;
  readonly fetch: boolean;
  readonly getBody: boolean;
  readonly addresses: readonly string[];
  readonly expires: string | null;
  readonly file: string;
  readonly at: Position;
}

/** Normalises the routes of a file; reports hosts given twice and credentials that the host does not grant. */
export function resolveRouteSet(
  file: WrittenFile<WrittenRoutes>,
  trust: Trust,
  problems: Problems,
): readonly DeclaredRoute[] {
  const routes = new Map<string, DeclaredRoute>();
  for (const [index, written] of file.value.routes.entries()) {
    const route = resolveRoute(file, written, index);
    const other = routes.get(route.host);
    if (other !== undefined) {
      const message = `host ${quote(route.host)} already has a route in line ${other.at.line}`;
      problems.error({
        code: 'duplicate-host',
        message,
        hint: 'make one route of both',
        file: file.path,
        at: route.at,
      });
      continue;
    }
    if (route.auth !== null) {
      const at = file.locate.value(['routes', index, 'auth', 'secret']);
      checkSecret({ secret: route.auth.secret, hosts: [route.host] }, trust, problems, {
        file: file.path,
        at,
      });
    }
    const expiresAt = { file: file.path, at: file.locate.value(['routes', index, 'expires']) };
    reportExpired(route, trust.nowMs, problems, expiresAt);
    routes.set(route.host, route);
  }
  return [...routes.values()];
}

function resolveRoute(
  file: WrittenFile<WrittenRoutes>,
  written: WrittenRoute,
  index: number,
): DeclaredRoute {
  return {
    host: accepted(parseHost(written.host)),
    ports: written.ports === undefined ? null : sortedPorts(written.ports),
    matches: resolveMatches(written),
    auth: written.auth === undefined ? null : resolveAuth(written.auth),
    dlp: resolveDlp(written.dlp),
    fetch: written.git?.fetch ?? false,
    getBody: written.getBody ?? false,
    addresses: (written.addresses ?? []).map((address) => accepted(parseCidr(address))),
    expires: written.expires === undefined ? null : accepted(parseInstant(written.expires)),
    file: file.path,
    at: file.locate.value(['routes', index, 'host']),
  };
}

/** Matches of a written route: the short form `paths` is one more match of prefixes, for any method. */
function resolveMatches(written: Pick<WrittenRoute, 'paths' | 'matches'>): readonly RouteMatch[] {
  const short = (written.paths ?? []).map((value) => ({ kind: 'prefix', value }) as const);
  const long = (written.matches ?? []).map(({ paths = [], methods = [], headers = [] }) => ({
    paths: paths.map((path) => {
      if ('prefix' in path) return { kind: 'prefix', value: path.prefix } as const;
      if ('exact' in path) return { kind: 'exact', value: path.exact } as const;
      return { kind: 'regex', value: path.regex } as const;
    }),
    methods,
    headers: headers.map(({ name, exact }) => ({ name: name.toLowerCase(), exact })),
  }));
  const all = short.length === 0 ? long : [...long, { paths: short, methods: [], headers: [] }];
  const opensAll = all.some(
    ({ paths, methods, headers }) => paths.length + methods.length + headers.length === 0,
  );
  return opensAll ? [] : all;
}

/** The written credential as egress takes it. */
export function resolveAuth(written: WrittenAuth): RouteAuth {
  const { secret } = written;
  if ('header' in written)
    return { scheme: 'header', header: written.header.toLowerCase(), secret };
  return { scheme: written.scheme, secret };
}

function resolveDlp(written: WrittenRoute['dlp']): RouteDlp | null {
  if (written === undefined) return null;
  const { outbound = ['token_patterns', 'known_secrets'], onMatch = 'block' } = written;
  return { outbound, onMatch };
}

function sortedPorts(ports: readonly number[]): readonly number[] {
  return [...new Set(ports)].sort((a, b) => a - b);
}
