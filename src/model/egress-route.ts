/**
 * How the normalised path of a request, without its query, is compared. A prefix ends at a segment border: `/v1` and
 * `/v1/` match `/v1/x`, neither matches `/v1x`, and only `/v1` matches `/v1` itself. A regex matches the whole path.
 */
export interface PathMatch {
  readonly kind: 'prefix' | 'exact' | 'regex';
  readonly value: string;
}

/** A request header that must have exactly this value; the name is lower-case. */
interface HeaderMatch {
  readonly name: string;
  readonly exact: string;
}

/** Fields of one match are AND-ed, values of one field OR-ed; an empty field matches anything. */
export interface RouteMatch {
  readonly paths: readonly PathMatch[];
  /** Upper-case. */
  readonly methods: readonly string[];
  readonly headers: readonly HeaderMatch[];
}

/** A credential that egress injects. `secret` is a name; its value never comes near a route. */
export type RouteAuth =
  | { readonly scheme: 'Bearer' | 'token' | 'Basic'; readonly secret: string }
  | { readonly scheme: 'header'; readonly header: string; readonly secret: string };

export interface RouteDlp {
  readonly outbound: readonly ('token_patterns' | 'known_secrets' | 'entropy')[];
  readonly onMatch: 'block' | 'redact' | 'supervise';
}

/** One resolved egress route. All fields are total: defaults were applied when it was resolved. */
export interface EgressRoute {
  /** Lower-case A-label name; may begin with `*.`. */
  readonly host: string;
  /** Ports of the authority that this route speaks for. */
  readonly ports: readonly number[];
  /** OR-ed; empty means every request to the host. */
  readonly matches: readonly RouteMatch[];
  readonly auth: RouteAuth | null;
  readonly dlp: RouteDlp | null;
  readonly git: { readonly fetch: boolean };
  /** GET may come with a body of a stated length, which some search interfaces want. Absent: it is refused. */
  readonly getBody?: true;
  /** CIDRs that the host may resolve to although they are private. */
  readonly addresses: readonly string[];
  /** RFC 3339 instant after which the route is no longer in force. */
  readonly expires: string | null;
}

/** A host that may not be reached, whatever a route, an allowlist or an approval says. */
export interface DenyEntry {
  /** Lower-case A-label name; may begin with `*.` (which does not match the apex). */
  readonly host: string;
  readonly reason: string | null;
  /** File of the tree that says so. */
  readonly file: string;
}

/** A host that may be reached whole: any path, any method, ports 443 and 80, no credential. */
export interface AllowlistEntry {
  /** Lower-case A-label name; may begin with `*.` (which does not match the apex). */
  readonly host: string;
  readonly reason: string | null;
  readonly expires: string | null;
}
