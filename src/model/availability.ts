/** What a backend can do, as data: callers ask for a capability, never for a name. */
export interface BackendCapabilities {
  readonly reload: boolean;
  readonly internalNetwork: boolean;
  readonly freeze: boolean;
  readonly capabilityChange: boolean;
  readonly attach: boolean;
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
