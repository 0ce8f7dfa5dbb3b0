import type { ContainerSpec, NetworkComponent, NetworkSpec } from '../../model/component.ts';
import type { ContainerState } from '../../model/observed-state.ts';

/** A container as the simulated engine keeps it: plain JSON, replaced whole at each change. */
export interface SimulatedContainer {
  readonly kind: 'container';
  readonly name: string;
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly state: ContainerState;
  readonly exitCode: number | null;
  /** RFC 3339. */
  readonly createdAt: string;
  /** Ids of the networks that it is attached to, with its address there. */
  readonly attached: { readonly [component in NetworkComponent]?: SimulatedAttachment };
  readonly busy: boolean;
}

interface SimulatedAttachment {
  readonly networkId: string;
  readonly address: string;
}

export interface SimulatedNetwork {
  readonly kind: 'network';
  readonly name: string;
  readonly id: string;
  readonly spec: NetworkSpec;
}

/** A thing without our labels. */
export interface SimulatedForeign {
  readonly kind: 'foreign-container' | 'foreign-network';
  readonly name: string;
  readonly subnet: string | null;
}

interface SimulatedImage {
  readonly kind: 'image';
  readonly name: string;
}

export type SimulatedObject =
  | SimulatedContainer
  | SimulatedNetwork
  | SimulatedForeign
  | SimulatedImage;
