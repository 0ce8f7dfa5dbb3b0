import type { Impact } from './action.ts';
import type { Condition } from './condition.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { BottleName, FleetName, Revision } from './names.ts';
import type { RemoteState } from './remote-state.ts';

/** What `bb status` tells of one bottle. */
export interface BottleStatus {
  readonly name: BottleName;
  /** Null where metadata is missing: shown as `?`, never left out. */
  readonly agent: string | null;
  readonly label: string | null;
  readonly color: string | null;
  readonly backend: string | null;
  readonly conditions: readonly Condition[];
  readonly lastAttemptedRevision: Revision | null;
  readonly lastAppliedRevision: Revision | null;
  /** Counter of this bottle's spec, and the one its status speaks of. */
  readonly generation: number;
  readonly observedGeneration: number;
  readonly sidecars: readonly {
    readonly name: string;
    readonly state: string;
    /** What else there is to know: a version, a count. */
    readonly detail?: string;
  }[];
  /** RFC 3339 of the agent container's start, when known. */
  readonly startedAt: string | null;
  /** A withheld update and what it waits for. */
  readonly pending: { readonly impact: Impact; readonly waitsFor: string } | null;
  readonly pendingProposals: number;
}

/** What `bb status` tells of the fleet. */
export interface FleetStatus {
  readonly fleet: FleetName | null;
  readonly repository: string;
  readonly branch: string;
  /** Null where the repository is one of this machine. */
  readonly remote:
    | (RemoteState & {
        /** Decisions that are made and not in the remote yet. */
        readonly waiting: number;
      })
    | null;
  /** Tip of the branch when last looked at. */
  readonly revision: Revision | null;
  readonly lastAttemptedRevision: Revision | null;
  readonly lastAppliedRevision: Revision | null;
  readonly conditions: readonly Condition[];
  readonly diagnostics: readonly Diagnostic[];
  readonly backends: readonly {
    readonly name: string;
    readonly available: boolean;
    readonly detail: string;
  }[];
  /** Guarantees that are weaker than asked for, loudly: `pipelock: built-in`. */
  readonly notEnforced: readonly string[];
  readonly bottles: readonly BottleStatus[];
  /** Pid of a running controller, null when none runs. */
  readonly controllerPid: number | null;
}
