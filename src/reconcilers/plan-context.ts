import type { Availability, BackendCapabilities } from '../model/availability.ts';
import type { BottleName, Revision } from '../model/names.ts';
import type { UpstreamSettings } from '../model/sidecar.ts';

/** What the controller remembers of a bottle between passes; rebuilt from the backend's labels when lost. */
export interface AppliedRecord {
  readonly revision: Revision;
  /** `specHash` of the spec that was fully in force; the isolation of an agent without it is proven again. */
  readonly specHash: string;
  /** Where it was in force: absent in a record that was rebuilt without knowing. */
  readonly backend?: string;
}

/** A folder or an archive of the host that is a root file system. */
export interface HostRootfs {
  /** Absolute. */
  readonly path: string;
  /** Changes when an archive does, so that it is unpacked anew; null for a folder. */
  readonly identity: string | null;
}

/** A program of the host that is shown to the sidecars. */
export interface PipelockProgram {
  /** Absolute. */
  readonly path: string;
  /** Changes when the file does, so that the sidecars are made anew over the new one. */
  readonly identity: string;
}

/** Facts of the host that specs are completed with. */
export interface HostFacts {
  /** Absolute; the fleet's state directory, see `model/state-layout.ts`. */
  readonly stateDirectory: string;
  /** Who the sidecar programs run as. */
  readonly sidecarUser: { readonly uid: number; readonly gid: number };
  /** Who the agent runs as. */
  readonly agentUser: { readonly uid: number; readonly gid: number };
  /** Content-hash references of the images that ship with bb, over `imageBase`. */
  readonly sidecarImage: string;
  readonly agentImage: string;
  /** `ARG BASE` of images that are built here. */
  readonly imageBase: string;
  /** What of this machine `image.rootfs` takes by these names. */
  readonly rootfs: { readonly [name: string]: HostRootfs };
  /** Folder of this machine that every agent sees read-only at `AGENT_PROGRAMS`; null = none. */
  readonly programs: string | null;
  readonly upstream: UpstreamSettings;
  /** The pipelock program of this host; absent where egress is the only gate. */
  readonly pipelock?: PipelockProgram;
  /** Version (HMAC) of each secret that has a value; a name that is absent has none. */
  readonly secretVersions: { readonly [name: string]: string };
}

/** Everything that a plan depends on beside desired and observed: no clock, no environment, no files. */
export interface PlanContext {
  readonly nowMs: number;
  readonly revision: Revision;
  readonly host: HostFacts;
  /** In order of preference for `auto`. */
  readonly backends: readonly {
    readonly name: string;
    readonly capabilities: BackendCapabilities;
    readonly availability: Availability;
  }[];
  readonly applied: { readonly [bottle: BottleName]: AppliedRecord };
  /** Bottles that left the commit, with a mark that their files are to be kept. Absent = none. */
  readonly preserved?: readonly BottleName[];
  readonly permissions: {
    readonly allowMassDelete: boolean;
    /** Bottles whose withheld updates may run now. */
    readonly applyNow: readonly BottleName[];
  };
}
