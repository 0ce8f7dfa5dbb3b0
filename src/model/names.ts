declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Name of everything one desired-state tree describes; the value of the label `bb.fleet`. */
export type FleetName = Brand<string, 'FleetName'>;
/** Instance name = slug: unique in a fleet, part of every runtime name. */
export type BottleName = Brand<string, 'BottleName'>;
/** Name of a role in `agents/<name>.yaml`. */
export type AgentName = Brand<string, 'AgentName'>;
/** Full hexadecimal commit id (sha1 or sha256 repositories). */
export type Revision = Brand<string, 'Revision'>;
/** ULID of a proposal: 26 characters of Crockford base32, sorts by time. */
export type ProposalId = Brand<string, 'ProposalId'>;
/** Lower-case hexadecimal sha256 over the fields that matter, see `fingerprint.ts`. */
export type Fingerprint = Brand<string, 'Fingerprint'>;

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/;

/** A fleet name follows the same rule as a slug, since both end up in runtime names. */
export function parseFleetName(raw: string): FleetName | undefined {
  return SLUG.test(raw) ? (raw as FleetName) : undefined;
}

/** Parses a slug: `[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?`. */
export function parseBottleName(raw: string): BottleName | undefined {
  return SLUG.test(raw) ? (raw as BottleName) : undefined;
}

/** Agents share the syntax of slugs, because `<agent>-1` must be a slug. */
export function parseAgentName(raw: string): AgentName | undefined {
  return SLUG.test(raw) ? (raw as AgentName) : undefined;
}

/** Accepts only full object ids: abbreviations are resolved by git before they get here. */
export function parseRevision(raw: string): Revision | undefined {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(raw) ? (raw as Revision) : undefined;
}

/** Parses a ULID in its canonical upper-case form. */
export function parseProposalId(raw: string): ProposalId | undefined {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(raw) ? (raw as ProposalId) : undefined;
}

/** Parses a sha256 in lower-case hexadecimal. */
export function parseFingerprint(raw: string): Fingerprint | undefined {
  return /^[0-9a-f]{64}$/.test(raw) ? (raw as Fingerprint) : undefined;
}
