import type { PolicyRule } from './approval-policy.ts';
import type { BottleSpec, UpdatePolicy } from './bottle-spec.ts';
import type { AgentName, BottleName, Fingerprint, FleetName } from './names.ts';

/** Where a line of the resolved state was written: answers `bb why`. */
export interface Origin {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** One bottle as a commit asks for it, after defaults, `extends`, composition and sets. */
export interface DesiredBottle {
  readonly name: BottleName;
  readonly agent: AgentName;
  /** Bottle files it was composed of, left to right, with their bases. */
  readonly bottles: readonly string[];
  readonly suspend: boolean;
  readonly updatePolicy: UpdatePolicy;
  readonly spec: BottleSpec;
  /** Origin of each route (`route:<host>`), allowlist entry (`allow:<host>`) and denial (`deny:<host>`). */
  readonly origins: { readonly [subject: string]: Origin };
  /** Every file that it is made of, those of its name too whether they are there or not. */
  readonly sources: readonly string[];
}

export interface FleetSettings {
  readonly name: FleetName;
  /** True leaves everything running and publishes plans only. */
  readonly suspend: boolean;
  readonly audit: { readonly signCommits: 'auto' | 'always' | 'never' };
}

/** A whole commit, resolved and total. Plain JSON but for `contents`. */
export interface DesiredState {
  readonly fleet: FleetSettings;
  readonly bottles: { readonly [name: BottleName]: DesiredBottle };
  /** In the order in which they are tried. */
  readonly policies: readonly PolicyRule[];
  /** Bytes of every prompt, Dockerfile and skill file that some bottle refers to, by their sha256. */
  readonly contents: ReadonlyMap<Fingerprint, Uint8Array>;
}
