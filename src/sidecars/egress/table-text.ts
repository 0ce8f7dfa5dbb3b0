import type {
  AllowlistEntry,
  DenyEntry,
  EgressRoute,
  PathMatch,
  RouteAuth,
  RouteDlp,
  RouteMatch,
} from '../../model/egress-route.ts';
import { fingerprint } from '../../model/fingerprint.ts';
import { parseBottleName, parseFingerprint } from '../../model/names.ts';
import type { EgressSecrets, EgressTable, UpstreamSettings } from '../../model/sidecar.ts';
import { Shape, type ShapeReader } from '../json-shape.ts';

/**
 * Reads `table.json`. Throws with the path of the first thing that is not as the contract says: unknown members too,
 * since a restriction that is not understood must not be dropped. The hash is computed again and compared.
 */
export function parseTable(text: string): EgressTable {
  const raw: unknown = JSON.parse(text);
  const table = TABLE(raw, 'table');
  const { generation: _generation, bottle: _bottle, hash, ...content } = table;
  if (fingerprint(content) !== hash) {
    throw new Error('table.hash is not the hash of the table');
  }
  return table;
}

/** Reads `secrets.json` and holds it against the table: files of two generations are refused together. */
export function parseSecrets(text: string, table: EgressTable): EgressSecrets {
  const raw: unknown = JSON.parse(text);
  const secrets = SECRETS(raw, 'secrets');
  for (const name of new Set([...Object.keys(secrets), ...Object.keys(table.secrets)])) {
    if (secrets[name]?.version !== table.secrets[name]) {
      throw new Error(`secrets.json does not belong to this table: "${name}" has another version`);
    }
  }
  return secrets;
}

/** The generation that a refused text speaks of, where that much can be read. */
export function generationOf(text: string): number | null {
  try {
    const { generation } = JSON.parse(text) as { readonly generation?: unknown };
    return typeof generation === 'number' ? generation : null;
  } catch {
    return null;
  }
}

const { text, integer, list, record, nullable, oneOf, object } = Shape;

const FINGERPRINT = Shape.parsed(parseFingerprint, 'a fingerprint');
const HOST: ShapeReader<string> = (raw, at) => {
  const host = text(raw, at);
  if (!/^(?:\*\.)?[a-z0-9_.:-]{1,253}$/.test(host)) throw new Error(`${at} is not a host`);
  return host;
};
const INSTANT: ShapeReader<string> = (raw, at) => {
  const instant = text(raw, at);
  if (Number.isNaN(Date.parse(instant))) throw new Error(`${at} is not an instant`);
  return instant;
};

const PATH_MATCH: ShapeReader<PathMatch> = object({
  kind: oneOf('prefix', 'exact', 'regex'),
  value: text,
});
const ROUTE_MATCH: ShapeReader<RouteMatch> = object({
  paths: list(PATH_MATCH),
  methods: list(text),
  headers: list(object({ name: text, exact: text })),
});
const HEADER_AUTH = object({ scheme: oneOf('header'), header: text, secret: text });
const SCHEME_AUTH = object({ scheme: oneOf('Bearer', 'token', 'Basic'), secret: text });
const AUTH: ShapeReader<RouteAuth> = (raw, at) =>
  (raw as { readonly scheme?: unknown } | null)?.scheme === 'header'
    ? HEADER_AUTH(raw, at)
    : SCHEME_AUTH(raw, at);
const DLP: ShapeReader<RouteDlp> = object({
  outbound: list(oneOf('token_patterns', 'known_secrets', 'entropy')),
  onMatch: oneOf('block', 'redact', 'supervise'),
});
const TRUE: ShapeReader<true> = (raw, at) => {
  if (raw !== true) throw new Error(`${at} is not true`);
  return raw;
};
const ROUTE: ShapeReader<EgressRoute> = object<EgressRoute>({
  host: HOST,
  ports: list(integer),
  matches: list(ROUTE_MATCH),
  auth: nullable(AUTH),
  dlp: nullable(DLP),
  git: object({ fetch: Shape.boolean }),
  getBody: Shape.optional(TRUE),
  addresses: list(text),
  expires: nullable(INSTANT),
});
const ENTRY: ShapeReader<AllowlistEntry> = object({
  host: HOST,
  reason: nullable(text),
  expires: nullable(INSTANT),
});
const DENIAL: ShapeReader<DenyEntry> = object({ host: HOST, reason: nullable(text), file: text });
const DIRECT = { hosts: record(list(text)), trustedCaPem: list(text) };
const DIRECT_UPSTREAM: ShapeReader<UpstreamSettings> = object(DIRECT);
const PROXIED_UPSTREAM: ShapeReader<UpstreamSettings> = object({
  ...DIRECT,
  proxy: nullable(object({ host: HOST, port: integer })),
});
const UPSTREAM: ShapeReader<UpstreamSettings> = (raw, at) =>
  Object.hasOwn((raw ?? {}) as object, 'proxy')
    ? PROXIED_UPSTREAM(raw, at)
    : DIRECT_UPSTREAM(raw, at);
const SECRETS: ShapeReader<EgressSecrets> = record(object({ version: text, value: text }));
const TABLE: ShapeReader<EgressTable> = object<EgressTable>({
  generation: integer,
  bottle: Shape.parsed(parseBottleName, 'a bottle name'),
  hash: FINGERPRINT,
  routes: list(ROUTE),
  allowlist: list(ENTRY),
  deny: Shape.optional(list(DENIAL)),
  upstream: UPSTREAM,
  secrets: record(text),
  pipelockConfig: Shape.optional(FINGERPRINT),
});
