/**
 * What the host says about secrets and its environment: the side of the trust boundary that git cannot change.
 * Names and destinations only; values stay in the controller's secrets adapter.
 */
export interface HostPolicy {
  readonly secrets: {
    readonly [name: string]: {
      /** Hosts that this secret may be sent to; `*.` allowed. */
      readonly hosts: readonly string[];
      /** Prefixes of git URLs that it may be used for. */
      readonly gitUrls: readonly string[];
    };
  };
  /** Host variables that `env.fromHost` may read. */
  readonly envAllowed: readonly string[];
  /** Names of root file systems that `image.rootfs` may take. */
  readonly rootfs: readonly string[];
}
