import type { HostPolicy } from '../model/host-policy.ts';
import type { UpstreamSettings } from '../model/sidecar.ts';
import type { PipelockProgram } from '../reconcilers/plan-context.ts';

/** Image that everything is built over where the host's configuration names none. */
export const DEFAULT_BASE = 'node:24-bookworm';

/** `config.yaml` of the host, complete: what this machine says, which no commit can change. */
export interface HostConfig {
  /** Folder of `config.yaml` and `secrets.yaml`. */
  readonly directory: string;
  readonly source: {
    /** Absolute; null where only the command line says it, and where it is a remote one. */
    readonly repository: string | null;
    readonly remote: RemoteSettings | null;
    /** Null follows the branch that is checked out, or the remote's own. */
    readonly branch: string | null;
    readonly folder: string;
  };
  /** Whose signatures make a commit count; null follows any. */
  readonly verify: VerifySettings | null;
  readonly images: {
    /** `ARG BASE` of images that are built here; null takes the default. */
    readonly base: string | null;
    /** Folders and archives, absolute, that bottles may have as their root file system, by name. */
    readonly rootfs: { readonly [name: string]: string };
  };
  /** Folder, absolute, that every agent sees read-only; its `bin` comes first there. */
  readonly programs: string | null;
  readonly upstream: UpstreamSettings;
  /** The second gate's program; null where egress is the only gate. */
  readonly pipelock: PipelockProgram | null;
  /** Engine endpoint; null looks where Docker does. */
  readonly docker: { readonly host: string | null };
  readonly onInvalid: 'reject' | 'isolate';
  /** Folders, absolute, below which `workspace.copy` may read. */
  readonly workspaces: readonly string[];
}

/** A repository elsewhere, and how this host gets at it. */
export interface RemoteSettings {
  /** Bears no credential. */
  readonly url: string;
  readonly pollMs: number;
  /** What git is told when the remote asks; null leaves it to git's own configuration of this user. */
  readonly credential: { readonly username: string; readonly secret: string } | null;
  readonly webhook: WebhookSettings | null;
}

/** Where pushes are told to this host. */
export interface WebhookSettings {
  readonly listen:
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
    | { readonly kind: 'unix'; readonly path: string };
  /** Name of the secret that deliveries are signed with. */
  readonly secret: string;
}

/** Files of the host, absolute, that say whose commits are trusted. At least one of them names keys. */
export interface VerifySettings {
  /** As SSH's `allowed_signers`. */
  readonly allowedSigners: string | null;
  /** SSH keys, or a KRL, that no longer count. */
  readonly revokedKeys: string | null;
  /** Exported OpenPGP public keys. */
  readonly keyring: string | null;
  /** Commit that a person has read: only what came after it needs a signature. */
  readonly since: string | null;
}

/** Where a secret's value comes from. */
export type SecretSource =
  | { readonly kind: 'env'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  /** The ChatGPT login of the codex program on this machine: its `auth.json`. */
  | { readonly kind: 'codex-login'; readonly path: string };

export type SecretSources = { readonly [name: string]: SecretSource };

/** Everything that the host's two files say. */
export interface HostSettings {
  readonly config: HostConfig;
  readonly policy: HostPolicy;
  readonly secrets: SecretSources;
}
