import type { ScenarioEngine } from '../scenario/engine.ts';
import type { FleetUnderTest } from '../scenario/fleet-under-test.ts';

/** Where attacked bottles are, and the little that the attacks have to know of it. */
export interface AttackedPlace {
  readonly kind: 'place';
  /** Of the backend. */
  readonly name: string;
  /** Address of this machine that sidecars reach: the upstreams are there. */
  readonly address: string;
  /** Null where the bottles need none. */
  readonly engine: Pick<ScenarioEngine, 'docker' | 'endpoint' | 'base'> | null;
  /** Deeds that reach nothing of the machine here. */
  readonly harmless: readonly string[];
  /** False where nothing bounds the memory of a bottle as a whole. */
  readonly limitsMemory: boolean;
  /** What happens to an agent at its limits: it is told so, or all of its bottle ends (gVisor's kernel dies whole). */
  readonly atLimits: 'told' | 'ended';
  /** Address of a bottle's sidecars on the network that leads out; null where they have none of their own. */
  outsideOf(fleet: FleetUnderTest, bottle: string): Promise<string | null>;
  /** Takes away the container of a bottle's sidecars, so that another has to be made; null where that is no different. */
  readonly removeSidecars: ((fleet: FleetUnderTest, bottle: string) => Promise<void>) | null;
  /** Where this machine keeps the `/etc/hosts` of a bottle's sidecars. */
  hostsFile(fleet: FleetUnderTest, bottle: string): Promise<string>;
  /** What somebody with the backend reads of a bottle's containers. */
  recordsOf(fleet: FleetUnderTest, bottle: string): Promise<string>;
  /** First process of a bottle's sidecars, as this machine numbers it; null where the machine does not see it. */
  sidecarsPid(fleet: FleetUnderTest, bottle: string): Promise<number | null>;
}

/** A place, or why this machine cannot have it. */
export type AttackedPlaceOrNone =
  | AttackedPlace
  | { readonly kind: 'none'; readonly name: string; readonly reason: string };
