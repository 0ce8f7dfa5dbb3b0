import type { BottleName, FleetName, Revision } from './names.ts';

/** What a backend realises for one bottle. Networks are no-ops where a backend has none. */
export type Component = 'agent' | 'sidecars' | 'internal-network' | 'external-network';
export type ContainerComponent = 'agent' | 'sidecars';
export type NetworkComponent = 'internal-network' | 'external-network';

/** Names one thing of one bottle, without the backend's ids. */
export interface ComponentRef {
  readonly fleet: FleetName;
  readonly bottle: BottleName;
  readonly component: Component;
}

const SUFFIX: { readonly [component in Component]: string } = {
  agent: '',
  sidecars: '-sidecars',
  'internal-network': '-int',
  'external-network': '-ext',
};

/** `bb-<fleet>-<slug>[-sidecars|-int|-ext]`: decided before creation, so that a crash after it is found again. */
export function runtimeName(ref: ComponentRef): string {
  return `bb-${ref.fleet}-${ref.bottle}${SUFFIX[ref.component]}`;
}

/** Identity that a backend attaches to each thing it makes, and reads back. */
export interface ComponentIdentity extends ComponentRef {
  /** sha256 of `applied`. */
  readonly specHash: string;
  /** Commit that asked for it in this form. */
  readonly revision: Revision;
  /** JSON text of the part of the spec that this component realises (`reconcilers/realised.ts`). */
  readonly applied: string;
}

export interface Mount {
  /** Absolute path on the host; the controller makes it before the component is created. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface NetworkSpec {
  readonly identity: ComponentIdentity & { readonly component: NetworkComponent };
  /** IPv4 CIDR, chosen by the planner. */
  readonly subnet: string;
}

/** A sandbox as a backend is asked to make it. Hardening is not in here: it is not a choice. */
export interface ContainerSpec {
  readonly identity: ComponentIdentity & { readonly component: ContainerComponent };
  /** Image reference that `ensureImage` made present. */
  readonly image: string;
  /** argv of the first process, or null for the image's own. */
  readonly command: readonly string[] | null;
  /** Values that may be shown. */
  readonly env: { readonly [name: string]: string };
  /** Names whose values are read on the host when the component is created: variable in the bottle → source. */
  readonly lateEnv: {
    readonly [name: string]: { readonly kind: 'from-host'; readonly variable: string };
  };
  readonly user: { readonly uid: number; readonly gid: number };
  readonly workdir: string | null;
  readonly readOnlyRoot: boolean;
  /** Writable memory file systems: path → size in bytes. */
  readonly tmpfs: { readonly [path: string]: number };
  readonly mounts: readonly Mount[];
  /** In the order to attach; the first one is the default. The agent has only the internal one. */
  readonly networks: readonly {
    readonly component: NetworkComponent;
    readonly address: string | null;
  }[];
  /** Extra lines of `/etc/hosts`: name → address. */
  readonly hosts: { readonly [name: string]: string };
  readonly resources: {
    readonly cpus: number;
    readonly memoryBytes: number;
    readonly pids: number;
  };
  /** Runtime that the engine has registered, or null for its default. */
  readonly runtime: string | null;
}

/** An image named by the hash of what goes into it, so that it is built once. */
export interface ImageBuild {
  readonly reference: string;
  readonly dockerfile: string;
  readonly buildArgs: { readonly [name: string]: string };
  /** Build context beside the Dockerfile: path → bytes. */
  readonly context: ReadonlyMap<string, Uint8Array>;
  /** Those of its paths that may be executed; omitted = none. */
  readonly executable?: ReadonlySet<string>;
  /** Present on images that ship with bb and on those over them: what a backend without an engine begins with. */
  readonly onHost?: HostProgramsImage;
  /** Folder or archive of the host, absolute, that takes the place of the host's programs; then there is nothing to build. */
  readonly rootfs?: string;
  /** Present where `dockerfile` is somebody's, with more behind it: what they wrote, and in which file of the tree. */
  readonly written?: { readonly file: string; readonly text: string };
}

/** What an image of bb's own comes to where the programs are the host's and only the context is added. */
export interface HostProgramsImage {
  /** Where the context's files are found inside. */
  readonly folder: string;
  /** Files that make it quicker and that no reference speaks of: path below `folder` → bytes. */
  readonly extra: ReadonlyMap<string, Uint8Array>;
  /** argv of a container that names none. */
  readonly command: readonly string[];
  readonly env: { readonly [name: string]: string };
  /** The one folder that is writable and kept; null = none. */
  readonly home: string | null;
  readonly workdir: string;
}

/** One file for `copyIn`. */
export interface CopiedFile {
  /** Relative to the target folder, forward slashes. */
  readonly path: string;
  readonly content: Uint8Array | { readonly linkTo: string };
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}
