import type { AllowlistEntry, DenyEntry, EgressRoute } from './egress-route.ts';
import type { BottleName, Fingerprint } from './names.ts';

/**
 * The contract between the controller and the programs in a sidecars component: files in, status out.
 *
 * ```
 * <bottle>/egress/in/current -> gen-7/   table.json, secrets.json (0600)   rendered by the controller, read-only inside
 *                                        pipelock.yaml (0600)              where the host has the program
 * <bottle>/egress/out/status.json, ca.pem                                  written by egress
 * <bottle>/egress/state/ca-key.pem (0600), ca-cert.pem                     never leaves the sidecar
 * <bottle>/supervise/in/current -> gen-3/ settings.json
 * <bottle>/supervise/out/status.json
 * <bottle>/bundle/out/status.json                                          written by PID 1
 * <state>/queue/<slug>/                                                    proposals and answers, see supervise/store
 * ```
 * `current` is a symbolic link that is replaced by rename, so a reader gets one whole generation or the other.
 */
export const SIDECAR_ROOT = '/bb';

export const EGRESS_PORT = 8080;
export const SUPERVISE_PORT = 9100;
/** Where the agent finds its supervise tools. */
export const SUPERVISE_URL = `http://supervise:${SUPERVISE_PORT}/mcp`;

/** Host settings that every egress table carries; they come from `config.yaml`, never from git. */
export interface UpstreamSettings {
  /**
   * Names that resolve to these addresses, before any resolver is asked. They may be private: the operator wrote them
   * where git cannot, so routes need no `addresses` for them.
   */
  readonly hosts: { readonly [host: string]: readonly string[] };
  /** PEM texts of authorities to trust beside the system's. */
  readonly trustedCaPem: readonly string[];
  /** Where everything is dialled through with CONNECT, plain HTTP too; it resolves the names then. */
  readonly proxy?: UpstreamProxy | null;
}

/** A proxy behind egress: pipelock, or the one of a company. */
export interface UpstreamProxy {
  readonly host: string;
  readonly port: number;
}

/** Where the sidecars find the pipelock program, when their host has it. */
export const PIPELOCK_PROGRAM = '/opt/pipelock/pipelock';

/** `egress/in/current/table.json` */
export interface EgressTable {
  readonly generation: number;
  readonly bottle: BottleName;
  /** Fingerprint of `{routes, allowlist, deny, upstream, secrets, pipelockConfig}`: equal hash = nothing to do. */
  readonly hash: Fingerprint;
  readonly routes: readonly EgressRoute[];
  readonly allowlist: readonly AllowlistEntry[];
  /** Asked before the two above; absent where nothing is denied. */
  readonly deny?: readonly DenyEntry[];
  readonly upstream: UpstreamSettings;
  /** Name → version of the secrets that `secrets.json` must hold; files that disagree are refused together. */
  readonly secrets: { readonly [name: string]: string };
  /** sha256 of the `pipelock.yaml` beside it, which must be in force too; absent where egress is the only gate. */
  readonly pipelockConfig?: Fingerprint;
}

/** `egress/in/current/secrets.json`. `version` is an HMAC under a host key: it may be shown, the value may not. */
export interface EgressSecrets {
  readonly [name: string]: { readonly version: string; readonly value: string };
}

/** `egress/out/status.json`: what is enforced. The controller believes nothing else. */
export interface EgressStatus {
  readonly sidecar: 'egress';
  /** `degraded`: no table was ever loaded, or nothing in it is in force: everything is denied. */
  readonly state: 'ready' | 'degraded';
  /** Random per process start, so that a restart is seen. */
  readonly instance: string;
  readonly startedAt: string;
  readonly generation: number;
  readonly tableHash: Fingerprint | null;
  readonly loadedAt: string | null;
  /** Why the newest files were refused; the table before them stays in force. */
  readonly error: string | null;
  /** Generation that `error` speaks of. */
  readonly refusedGeneration: number | null;
  readonly routes: readonly EgressRoute[];
  readonly allowlist: readonly AllowlistEntry[];
  /** Absent where nothing is denied. */
  readonly deny?: readonly DenyEntry[];
  /** Name → version of each secret that is loaded. */
  readonly secrets: { readonly [name: string]: string };
  /** Public certificate of the bottle's authority. */
  readonly caPem: string;
  /** Where it listens; absent in the status of an older sidecar. */
  readonly port?: number;
  /** What the table in force says of the second gate; absent where it speaks of none. */
  readonly pipelockConfig?: Fingerprint;
}

/** `supervise/in/current/settings.json` */
export interface SuperviseSettings {
  readonly generation: number;
  readonly bottle: BottleName;
  readonly hash: Fingerprint;
  readonly waitSeconds: number;
  readonly maxPendingPerBottle: number;
}

/** `supervise/out/status.json` */
export interface SuperviseStatus {
  readonly sidecar: 'supervise';
  readonly state: 'ready' | 'degraded';
  readonly instance: string;
  readonly startedAt: string;
  readonly generation: number;
  readonly settingsHash: Fingerprint | null;
  readonly waitSeconds: number;
  readonly maxPendingPerBottle: number;
  readonly error: string | null;
  /** Port of the listener while it listens. */
  readonly port?: number;
}

/** `bundle/out/status.json`: PID 1 of the sidecars component. */
export interface BundleStatus {
  readonly programs: readonly {
    readonly name: string;
    readonly state: 'starting' | 'running' | 'backing-off' | 'stopped';
    readonly restarts: number;
    /** Exit code or signal of the last death. */
    readonly lastExit: string | null;
  }[];
  /** Absent where the sidecars have no such program. */
  readonly pipelock?: PipelockStatus;
}

/** The real pipelock program, as its own log tells it. */
export interface PipelockStatus {
  /** `degraded`: it does not listen, so egress reaches nothing. */
  readonly state: 'ready' | 'degraded';
  readonly version: string | null;
  /** sha256 of the configuration that it says is in force. */
  readonly configHash: Fingerprint | null;
  /** Why it refused the newest configuration; the one before stays in force. */
  readonly error: string | null;
  /** What it blocked since its sidecars started. */
  readonly blocked: number;
}

/** What the controller read of one bottle's sidecars; null where a file is absent or unreadable. */
export interface SidecarStatuses {
  readonly egress: EgressStatus | null;
  readonly supervise: SuperviseStatus | null;
  readonly bundle: BundleStatus | null;
}
