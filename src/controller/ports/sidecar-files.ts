import type { BottleName } from '../../model/names.ts';
import type {
  EgressSecrets,
  EgressTable,
  SidecarStatuses,
  SuperviseSettings,
} from '../../model/sidecar.ts';

/** What the controller writes for the sidecars of one bottle; generations are chosen by the adapter. */
export interface SidecarInputs {
  readonly egress: Omit<EgressTable, 'generation'>;
  readonly secrets: EgressSecrets;
  /** `pipelock.yaml`; absent where egress is the only gate. */
  readonly pipelockConfig?: string;
  readonly supervise: Omit<SuperviseSettings, 'generation'>;
}

/** Files in, status out: the host side of `model/sidecar.ts`. */
export interface SidecarFiles {
  /** Makes the bottle's folders with owners and modes, so that they can be mounted. Idempotent. */
  prepare(bottle: BottleName): Promise<void>;
  /** Writes a new generation of each input whose hash differs, atomically. */
  render(bottle: BottleName, inputs: SidecarInputs): Promise<void>;
  /** Reads what the sidecars report, tolerant of anything. */
  read(bottle: BottleName): Promise<SidecarStatuses>;
  /** Publishes the bottle's certificate where the agent's mount shows it. */
  publishTrust(bottle: BottleName, caPem: string): Promise<void>;
  /** Removes the bottle's folders, but keeps a queue that still holds proposals. Idempotent. */
  remove(bottle: BottleName): Promise<void>;
  /** Bottles that have folders. */
  list(): Promise<readonly BottleName[]>;
  /**
   * Calls back with the bottle whose status or queue may have changed, until `signal` aborts. It is in place when the
   * call returns.
   */
  watch(onHint: (bottle: BottleName) => void, signal: AbortSignal): void;
}
