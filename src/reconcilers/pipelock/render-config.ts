import { stringify } from 'yaml';
import type { Json } from '../../model/fingerprint.ts';
import type { RenderedTable } from '../egress/render-table.ts';

type Section = { readonly [key: string]: Json | undefined };

/** What the second gate of a bottle is rendered from. */
export type PipelockInput = Pick<RenderedTable, 'routes' | 'allowlist' | 'upstream'> & {
  /** Fields of the program that the operator adds (`bottles/*.yaml`, `pipelock.extra`). */
  readonly extra: { readonly [key: string]: Json };
};

/** `strict` refuses to start without one entry, and no zone serves this name (RFC 6761). */
const NOBODY = 'nobody.invalid';
/** The program has no word for "no limit". */
const UNLIMITED = 1_000_000_000;
/** Past what eight bits of entropy can be: switches a heuristic off that judges a host by its look. */
const NEVER = 100;
const DAY_SECONDS = 86_400;

/**
 * `pipelock.yaml` of a bottle: the real program as a gate of its own behind egress. Its host list is what either of
 * egress's two lists opens; paths, methods and credentials stay egress's. Deterministic, since the program proves with
 * the hash of this text which one is in force (`config_reload`).
 *
 * Addresses that a route or the host's own settings name are the only private ones that it may dial.
 */
export function renderPipelockConfig(input: PipelockInput): string {
  const tuned = merged(DEFAULTS, input.extra);
  return stringify(merged(tuned, guardedFields(input)), {
    sortMapEntries: true,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
}

/** For agents at work behind a gate that never was meant to see their load; an operator may say otherwise. */
const DEFAULTS: Section = {
  fetch_proxy: {
    timeout_seconds: 600,
    monitoring: {
      max_url_length: 16_384,
      entropy_threshold: NEVER,
      subdomain_entropy_threshold: NEVER,
      max_requests_per_minute: UNLIMITED,
    },
  },
  forward_proxy: { max_tunnel_seconds: DAY_SECONDS, idle_timeout_seconds: 3600 },
  request_body_scanning: { enabled: true, action: 'block' },
  // Its environment is the bundle's, which holds nothing of the agent's.
  dlp: { scan_env: false },
};

/** What makes it a gate: nobody's `extra` changes these (`GUARDED_FIELDS` of the schema). */
function guardedFields({ routes, allowlist, upstream }: PipelockInput): Section {
  const hosts = sortedSet([...routes, ...allowlist].map(({ host }) => host));
  const declared = routes.filter(({ addresses }) => addresses.length > 0);
  const known = Object.entries(upstream.hosts);
  return {
    version: 1,
    mode: 'strict',
    enforce: true,
    // A hint would tell the agent what the policy looks like.
    explain_blocks: false,
    api_allowlist: hosts.length === 0 ? [NOBODY] : hosts,
    trusted_domains: sortedSet(
      [...declared, ...known.map(([host]) => ({ host }))].map(({ host }) => host),
    ),
    ssrf: {
      ip_allowlist: sortedSet([
        ...declared.flatMap(({ addresses }) => addresses.map(toCidr)),
        ...known.flatMap(([, addresses]) => addresses.map(toCidr)),
      ]),
    },
    forward_proxy: { enabled: true, sni_verification: true },
    tls_interception: { enabled: false },
    logging: { format: 'json', output: 'stdout', include_allowed: false, include_blocked: true },
  };
}

/** Map by map; anything else of `above` replaces what is below it. */
function merged(below: Json | undefined, above: Json | undefined): Json | undefined {
  if (above === undefined) return below;
  if (!isSection(below) || !isSection(above)) return above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries([...keys].map((key) => [key, merged(below[key], above[key])]));
}

function isSection(value: Json | undefined): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The program wants networks, and a lone address is the smallest. */
function toCidr(address: string): string {
  if (address.includes('/')) return address;
  return address.includes(':') ? `${address}/128` : `${address}/32`;
}

function sortedSet(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}
