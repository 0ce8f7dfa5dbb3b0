import type { AllowlistEntry, DenyEntry, EgressRoute } from './egress-route.ts';
import type { Json } from './fingerprint.ts';
import type { Fingerprint } from './names.ts';
import type { ProviderLogin } from './providers/provider.ts';

/** A value of the agent's environment. Git holds names; values are read on the host when a bottle starts. */
export type EnvValue =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'from-host'; readonly variable: string }
  | { readonly kind: 'ask'; readonly question: string };

export type ImageSource =
  /** The agent image that ships with bb (`images/agent.Dockerfile`). */
  | { readonly kind: 'builtin' }
  | DockerfileSource
  /** An image that the engine has or that was pulled on purpose. */
  | { readonly kind: 'ref'; readonly ref: string }
  /** A root file system that the host's configuration has under this name. */
  | { readonly kind: 'rootfs'; readonly name: string };

/** A Dockerfile of the desired-state tree; its text and files are found in `DesiredState.contents` by digest. */
export interface DockerfileSource {
  readonly kind: 'dockerfile';
  readonly path: string;
  readonly digest: Fingerprint;
  /** The files beside it that it takes in, relative to its folder, by path. */
  readonly context: readonly IncludedFile[];
}

/** A text of the tree. Only its digest is compared; the text is in `DesiredState.contents`. */
export interface FileText {
  /** Path below the desired-state folder, or null for a text written in the YAML itself. */
  readonly path: string | null;
  readonly digest: Fingerprint;
}

/** One file of a skill or of an image, relative to the folder that it is taken from. */
export interface IncludedFile {
  readonly path: string;
  readonly executable: boolean;
  readonly digest: Fingerprint;
}

export type ProviderSpec =
  | { readonly kind: 'claude' | 'codex'; readonly login: ProviderLogin }
  | CustomProviderSpec;

export interface CustomProviderSpec {
  readonly kind: 'custom';
  /** argv of an interactive session. */
  readonly command: readonly string[];
  /** argv that goes on with the last session. */
  readonly resume: readonly string[] | null;
  /** argv of a session without a terminal; the operator's text is put behind it. */
  readonly headless: readonly string[] | null;
  /** Files, relative to home, that are there when there is a session to go on with; `*` matches within a name. */
  readonly transcripts: string | null;
  /** Arguments that hand over the prompt: `{promptFile}` is its path. */
  readonly prompt: readonly string[] | null;
  /** argv that makes an MCP server known to the program: `{url}` is its address. */
  readonly register: readonly string[] | null;
  /** Folder of skills, relative to home. */
  readonly skills: string | null;
}

export interface GitGateRepo {
  readonly url: string;
  readonly aliases: readonly string[];
  readonly hostKey: string | null;
  readonly key: { readonly secret: string } | null;
  /** Branch patterns that may be pushed; empty means any. */
  readonly branches: readonly string[];
}

export type UpdatePolicy = 'immediate' | 'when-idle' | 'manual';
export type RuntimeChoice = 'auto' | 'runc' | 'runsc';

/**
 * All that can differ between a desired and an observed bottle, as plain JSON. Every path below it has a row in the
 * impact table (`reconcilers/impact.ts`); a test holds that.
 */
export interface BottleSpec {
  readonly label: string | null;
  readonly color: string | null;
  readonly description: string | null;
  /** `auto` or the name of a backend. */
  readonly backend: string;
  readonly provider: ProviderSpec;
  readonly image: ImageSource;
  readonly env: { readonly [name: string]: EnvValue };
  readonly prompt: FileText | null;
  readonly skills: { readonly [name: string]: readonly IncludedFile[] };
  readonly gitUser: { readonly name: string | null; readonly email: string | null };
  readonly workspace: { readonly copy: string } | null;
  readonly resources: {
    readonly cpus: number;
    readonly memoryBytes: number;
    readonly pids: number;
  };
  /** What its files may take. It is watched, and no part of what an agent is made of: a change of it replaces nothing. */
  readonly diskBytes: number;
  readonly runtime: RuntimeChoice;
  readonly egress: { readonly routes: readonly EgressRoute[] };
  readonly allowlist: readonly AllowlistEntry[];
  /** Of every layer: nothing of these hosts is in `egress` or `allowlist`. */
  readonly deny: readonly DenyEntry[];
  /** Fields for the configuration of the pipelock program, beside those that bb sets. */
  readonly pipelock: { readonly extra: { readonly [key: string]: Json } };
  readonly gitGate: { readonly repos: { readonly [name: string]: GitGateRepo } };
  readonly supervise: { readonly waitSeconds: number; readonly maxPendingPerBottle: number };
  readonly networks: { readonly pool: string };
}
