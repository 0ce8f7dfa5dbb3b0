import type { EgressRoute } from '../../model/egress-route.ts';
import { sanitizeLine } from '../../model/sanitize.ts';
import { deniedHosts } from './denied-hosts.ts';
import type { Tool } from './tool.ts';

/** What the bottle's own egress says is in force. Throws with a reason for people when it cannot be asked. */
export interface EgressTableSource {
  read(signal: AbortSignal): Promise<unknown>;
}

/** The tool that shows what is allowed now, in the words that a proposal is written in. */
export function listEgressRoutesTool(source: EgressTableSource): Tool {
  return {
    name: 'list-egress-routes',
    title: 'List what is allowed',
    description:
      'Lists the hosts, path prefixes and methods that the egress proxy of this bottle allows at this moment, with the field names that egress-block takes. An empty path_allowlist or methods means any. What is under denied is refused before all of these, and no proposal for it is taken.',
    inputSchema: { type: 'object', properties: {}, additionalProperties: false },
    readOnly: true,
    async call(_input, call) {
      try {
        const table = tableOf(await source.read(call.signal));
        const count = table.routes.length;
        return {
          isError: false,
          message: `${count} ${count === 1 ? 'entry is' : 'entries are'} in force; everything else is refused.`,
          data: table,
        };
      } catch (error) {
        const reason = sanitizeLine(error instanceof Error ? error.message : String(error), 200);
        return {
          isError: true,
          message: `The egress proxy of this bottle cannot be asked: ${reason}. Try again in a moment.`,
          data: { status: 'unavailable', reason },
        };
      }
    },
  };
}

/** One way through, in the fields of a proposal; what a proposal cannot say is added beside them. */
interface ListedRoute {
  readonly host: string;
  readonly path_allowlist: readonly string[];
  readonly methods: readonly string[];
  readonly auth: { readonly scheme: string; readonly secret: string } | null;
  readonly expires?: string;
  readonly other_paths?: readonly { readonly kind: string; readonly value: string }[];
  readonly headers?: readonly string[];
}

function tableOf(raw: unknown): {
  readonly generation: unknown;
  readonly routes: readonly ListedRoute[];
  readonly denied: readonly { readonly host: string; readonly reason: string | null }[];
} {
  if (!isRecord(raw) || !Array.isArray(raw['routes']) || !Array.isArray(raw['allowlist'])) {
    throw new Error('its answer is not a table');
  }
  // Our own program in the same component wrote this from the table that the controller rendered.
  const routes = raw['routes'] as readonly EgressRoute[];
  const allowlist = raw['allowlist'] as readonly { host: string; expires: string | null }[];
  const whole = allowlist.map(({ host, expires }) => ({
    host,
    path_allowlist: [],
    methods: [],
    auth: null,
    ...(expires === null ? {} : { expires }),
  }));
  return {
    generation: raw['generation'],
    routes: [...routes.flatMap(listRoute), ...whole],
    denied: deniedHosts(raw).map(({ host, reason }) => ({ host, reason })),
  };
}

function listRoute(route: EgressRoute): readonly ListedRoute[] {
  const { host, auth, expires } = route;
  const common = {
    auth: auth === null ? null : { scheme: auth.scheme, secret: auth.secret },
    ...(expires === null ? {} : { expires }),
  };
  if (route.matches.length === 0) return [{ host, path_allowlist: [], methods: [], ...common }];
  return route.matches.map((match) => {
    const others = match.paths.filter((path) => path.kind !== 'prefix');
    return {
      host,
      path_allowlist: match.paths.flatMap((path) => (path.kind === 'prefix' ? [path.value] : [])),
      methods: match.methods,
      ...common,
      ...(others.length === 0 ? {} : { other_paths: others }),
      ...(match.headers.length === 0 ? {} : { headers: match.headers.map(({ name }) => name) }),
    };
  });
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
