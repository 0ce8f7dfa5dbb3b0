import type { BottleName, ProposalId, Revision } from './names.ts';

/** A route of the bottle's own set. */
export type EgressRequest = {
  readonly tool: 'egress-block';
  readonly host: string;
  /** Absolute path prefixes; empty asks for every path. */
  readonly pathAllowlist: readonly string[];
  /** Upper-case; empty asks for every method. */
  readonly methods: readonly string[];
  readonly auth: { readonly scheme: 'Bearer' | 'token' | 'Basic'; readonly secret: string } | null;
};

/** A host of the bottle's own allowlist, asked for by the URL that failed. */
type AllowlistRequest = {
  readonly tool: 'pipelock-block';
  /** As the agent gave it, for the operator to read. */
  readonly failedUrl: string;
  /** The URL's host: all that an approval allows. */
  readonly host: string;
};

/** Another image for the bottle. */
type CapabilityRequest = {
  readonly tool: 'capability-block';
  /** The whole text. */
  readonly dockerfile: string;
};

/** One held request, sent on although data loss prevention found something in it. Egress asks, never the agent. */
export type TokenRequest = {
  readonly tool: 'egress-token-allow';
  readonly host: string;
  readonly method: string;
  /** Part of the request that it was found in. */
  readonly surface: 'head' | 'body' | 'message';
  /** What was found, `detector:rule`; sorted, each once. */
  readonly found: readonly string[];
  /** What stands around it, overwritten where it was found; empty where it shows only after decoding. */
  readonly context: string;
  /** Tells one content from another, and says nothing of it. */
  readonly content: string;
};

/** What may be asked for; a later tool is one more variant. */
export type ProposalRequest = EgressRequest | AllowlistRequest | CapabilityRequest | TokenRequest;

/** `queue/<slug>/<id>.proposal.json`, written once by the bottle's supervise sidecar. Every text in it is hostile. */
export interface Proposal {
  readonly id: ProposalId;
  readonly bottle: BottleName;
  /** RFC 3339, by the sidecar's clock. */
  readonly createdAt: string;
  readonly request: ProposalRequest;
  readonly justification: string;
}

export type ProposalState =
  | 'pending'
  | 'approved'
  | 'modified'
  | 'rejected'
  | 'expired'
  | 'cancelled'
  | 'failed';

/** `queue/<slug>/<id>.response.json`, written once by the controller when the decision is in force. */
export interface ProposalResponse {
  readonly id: ProposalId;
  readonly state: Exclude<ProposalState, 'pending' | 'failed'>;
  readonly decidedAt: string;
  readonly operator: string;
  /** Reason of a rejection, notes of an approval. */
  readonly notes: string | null;
  /** What was approved instead of what was asked for; null unless `modified`. */
  readonly final: string | null;
  /** Commit that records the decision. */
  readonly revision: Revision | null;
}
