/** What a backend can do, as data: callers ask for a capability, never for a name. */
export interface BackendCapabilities {
  /** Sidecars see a mounted file that is replaced, so they take new settings while they run. */
  readonly reload: boolean;
  /** Bottles are on networks of the backend, with subnets; else each has a loopback of its own and nothing else. */
  readonly internalNetwork: boolean;
  /** A container's file system can be saved as an image. */
  readonly freeze: boolean;
  /** An image can be built from a Dockerfile, so that a bottle can be given other programs. */
  readonly capabilityChange: boolean;
  /** Every instruction of a Dockerfile is built, not only those of `model/dockerfile/build-steps.ts`. */
  readonly wholeDockerfiles: boolean;
  /** A folder or an archive of this host can be a bottle's root file system. */
  readonly rootfs: boolean;
  /** A person can be given a terminal in a container. */
  readonly attach: boolean;
  /** Programs can be run as other users than the container's own. */
  readonly otherUsers: boolean;
  /** What a bottle's files take is told, so that an agent is stopped that fills the disk. */
  readonly diskLimit: boolean;
  /** Runtimes whose containers keep their files to themselves once they ran: nothing is copied in or out. */
  readonly closedRuntimes: readonly string[];
}

export type Availability =
  | {
      readonly available: true;
      /** For people: `Docker Engine 29.0.1 at unix:///var/run/docker.sock`. */
      readonly detail: string;
      /** Runtimes that the engine registers, e.g. `runc`, `runsc`. */
      readonly runtimes: readonly string[];
    }
  | { readonly available: false; readonly reason: string; readonly fix: string };
