import type { ContainerComponent, NetworkComponent } from './component.ts';
import type { BottleName, Revision } from './names.ts';
import type { SidecarStatuses } from './sidecar.ts';

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead';

/** A container of ours, as its backend reports it. */
export interface ObservedContainer {
  readonly kind: 'container';
  readonly component: ContainerComponent;
  /** The backend's id. */
  readonly id: string;
  readonly name: string;
  readonly state: ContainerState;
  /** Of the last end; null while it never ended. */
  readonly exitCode: number | null;
  /** RFC 3339 of its creation; null where the backend does not tell. */
  readonly createdAt: string | null;
  readonly specHash: string;
  /** See `ComponentIdentity.applied`; null when the label was lost or is not JSON. */
  readonly applied: string | null;
  readonly revision: Revision | null;
  /** Address by network component that it is attached to. */
  readonly addresses: { readonly [network in NetworkComponent]?: string };
  /** Networks beside its bottle's own that it is attached to: none that we made it with. Absent = none. */
  readonly otherNetworks?: readonly string[];
  /** Runtime that it runs under, null for the engine's default. */
  readonly runtime: string | null;
}

export interface ObservedNetwork {
  readonly kind: 'network';
  readonly component: NetworkComponent;
  readonly id: string;
  readonly name: string;
  readonly subnet: string;
  readonly specHash: string;
  readonly revision: Revision | null;
}

/** Everything of ours under one slug on one backend. */
export interface ObservedBottle {
  readonly name: BottleName;
  readonly backend: string;
  readonly containers: readonly ObservedContainer[];
  readonly networks: readonly ObservedNetwork[];
  /**
   * True when a session is attached or a provider program runs: a reason to withhold a replacement. An observation says
   * false; the controller asks (`Backend.isBusy`) about those bottles only that a plan would interrupt.
   */
  readonly busy: boolean;
}

/** A thing that bears a name we would need and is not ours. */
export interface ForeignObject {
  readonly kind: 'container' | 'network';
  readonly name: string;
}

/** One snapshot of one backend, made with a constant number of engine calls. */
export type BackendObservation =
  | {
      readonly available: true;
      readonly bottles: readonly ObservedBottle[];
      readonly foreign: readonly ForeignObject[];
      /** CIDRs of every network of the engine, ours or not, and of the routes of its host where that is this one. */
      readonly subnetsInUse: readonly string[];
      /** Image references of ours that are present. */
      readonly images: readonly string[];
    }
  | { readonly available: false; readonly reason: string };

/** What the files of a bottle take on the disk. */
export interface DiskUse {
  readonly bytes: number;
  /** False where there are more, which were not counted: `bytes` is the least that they take. */
  readonly isWhole: boolean;
}

/** The whole fleet as it is, at one instant. */
export interface ObservedState {
  /** Milliseconds since the epoch, by the controller's clock. */
  readonly atMs: number;
  readonly backends: { readonly [backend: string]: BackendObservation };
  /** What each bottle's sidecars say they enforce. */
  readonly sidecars: { readonly [bottle: BottleName]: SidecarStatuses };
  /** As it was last measured; absent = not yet, or by nobody. */
  readonly disk?: ReadonlyMap<BottleName, DiskUse>;
  /** Inventory of what was applied before: bottles that we own although nothing of them may be seen. */
  readonly inventory: readonly BottleName[];
}
