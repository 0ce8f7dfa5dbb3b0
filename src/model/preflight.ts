import type { UpdatePolicy } from './bottle-spec.ts';
import type { AgentName, BottleName } from './names.ts';

/**
 * What an operator is told of a bottle before it starts. Names only: it has no field that could hold the value of a
 * secret or of a variable.
 */
export interface Preflight {
  readonly bottle: BottleName;
  readonly agent: AgentName;
  readonly label: string | null;
  readonly provider: string;
  /** Null when none could be chosen. */
  readonly backend: string | null;
  /** `runsc`, `the engine’s default`, `runsc, which docker does not have`. */
  readonly runtime: string;
  readonly image: string;
  /** Bottle files that it is composed of, left to right. */
  readonly bottles: readonly string[];
  readonly networks: string;
  readonly resources: string;
  readonly routes: readonly PreflightRoute[];
  /** Hosts that may be reached whole. */
  readonly allowlist: readonly PreflightHost[];
  /** Hosts that nothing opens, with the reason where one is written. */
  readonly denied: readonly (Omit<PreflightHost, 'expires'> & { readonly reason: string | null })[];
  readonly env: readonly { readonly name: string; readonly from: string }[];
  readonly prompt: string | null;
  readonly skills: readonly string[];
  readonly workspace: string | null;
  readonly gitUser: string | null;
  readonly updatePolicy: UpdatePolicy;
  readonly notEnforced: readonly string[];
  /** Why a pass would not start it now, with what to do. */
  readonly pending: string | null;
}

export interface PreflightHost {
  readonly host: string;
  /** RFC 3339 instant at which the permission ends. */
  readonly expires: string | null;
  /** `routes/dev.yaml:3`, where it is known. */
  readonly origin: string | null;
}

export interface PreflightRoute extends PreflightHost {
  /** `GET, POST /v1/*`; one line for each way in. */
  readonly requests: readonly string[];
  /** Name of the credential that egress adds. */
  readonly secret: string | null;
}
