import type { Plan } from '../model/action.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { FleetEvent } from '../model/event.ts';
import type { EditPreview, FleetEdit } from '../model/fleet-edit.ts';
import type { Leftover } from '../model/leftover.ts';
import type { BottleName, ProposalId, Revision } from '../model/names.ts';
import type { Proposal, ProposalState } from '../model/proposal.ts';
import type { BottleStatus, FleetStatus } from '../model/status.ts';
import type { AuditEntry, AuditedDecision } from './audit/audit-entry.ts';

/** A line of progress of a pass: one per action start and end. */
export type Progress =
  | { readonly kind: 'stage'; readonly text: string }
  | {
      readonly kind: 'action';
      readonly id: number;
      readonly of: number;
      readonly bottle: BottleName;
      readonly text: string;
      readonly state: 'started' | 'done' | 'failed' | 'skipped';
      readonly detail: string | null;
    }
  | { readonly kind: 'log'; readonly text: string }
  /** The commit changed this file, and the working tree keeps it as the operator has it. */
  | { readonly kind: 'left-in-working-tree'; readonly path: string };

export interface PlanReport {
  readonly revision: Revision;
  readonly plan: Plan;
  readonly diagnostics: readonly Diagnostic[];
}

/** Why nothing could be planned or applied. */
export interface Refusal {
  readonly kind:
    | 'source'
    /** Made by somebody whom this host does not trust. */
    | 'untrusted'
    /** A remote repository did not take it now; it may later. */
    | 'remote'
    | 'invalid'
    | 'host-config'
    | 'mass-deletion'
    | 'locked'
    | 'not-found'
    | 'conflict'
    | 'bad-request'
    | 'apply-failed';
  readonly message: string;
  readonly hint: string | null;
  readonly diagnostics: readonly Diagnostic[];
}

export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Refusal };

export interface ReconcileReport {
  readonly revision: Revision;
  /** True when every bottle is in force at `revision`, or rightly withheld or suspended. */
  readonly converged: boolean;
  readonly bottles: readonly BottleStatus[];
  readonly actions: number;
  readonly failures: readonly {
    readonly bottle: BottleName;
    readonly message: string;
    /** What to do about it; null where only time helps. */
    readonly hint: string | null;
  }[];
}

/** A proposal as an operator sees it; every text is sanitised. */
export interface ProposalView {
  readonly proposal: Proposal;
  readonly state: ProposalState;
  /** `GET, POST api.example.test /v1/ with secret x`. */
  readonly summary: string;
  /** Who decided what, and what that waits for; absent while nobody has. */
  readonly waits?: string;
}

export interface ProposalReview extends ProposalView {
  /** Unified diff of the candidate edit. */
  readonly diff: string;
  readonly plan: Plan;
  /** What it adds in sum, in words. */
  readonly effective: readonly string[];
  readonly risks: readonly string[];
  /** Binds an approval to what was seen: proposal + diff. */
  readonly seen: string;
  /** What is asked for, as `bb modify` edits it: the tool's fields as YAML, or the Dockerfile. */
  readonly text: string;
}

export interface Decision {
  readonly id: ProposalId;
  readonly state: 'approved' | 'modified' | 'rejected';
  readonly revision: Revision;
  readonly commitSubject: string;
  /** Who had decided the same before: that decision stands, and this one adds nothing. Absent for one of one's own. */
  readonly decidedBy?: string;
  /** Files that the commit changed and the working tree keeps as the operator has them; absent = none. */
  readonly leftInWorkingTree?: readonly string[];
}

/** What an operator makes of a proposal; absent = it lands in the instance's own set, as it was asked, without an end. */
export interface ApprovalTerms {
  /** `instance` or `set:<name>`. */
  readonly scope?: string | undefined;
  /** Approves this instead of what was asked for: the changed `ProposalReview.text`. */
  readonly text?: string | undefined;
  /** RFC 3339 instant at which the grant ends. */
  readonly expires?: string | undefined;
}

export interface ApproveRequest extends ApprovalTerms {
  readonly id: string;
  /** From `ProposalReview.seen`; omitted = approve what stands now. */
  readonly seen?: string | undefined;
  readonly notes?: string | undefined;
  readonly operator: string;
}

/** An agent that the tip of the branch describes, whether or not it has instances. */
export interface AgentSummary {
  readonly name: string;
  readonly description: string | null;
  readonly provider: string | null;
}

/** What a controller is found or made with. */
export interface ControllerOptions {
  /** Absent: the one that the host's configuration names, else the one around the current folder. */
  readonly repository?: string;
  readonly configDirectory?: string;
  /** Overrides the backend of every bottle that says `auto`. */
  readonly backend?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Gives the running controller's client, or one in this process when none runs. */
export type OpenController = (options: ControllerOptions) => Promise<Answer<ControllerApi>>;

/** Runs the loop until `signal` aborts; resolves with the exit code. A line is an `error` when a person has to act. */
export type RunController = (
  options: ControllerOptions,
  signal: AbortSignal,
  onLine: (line: string, severity: 'info' | 'error') => void,
) => Promise<number>;

/**
 * Everything that the command line and the viewer ask for. Implemented by the controller itself (in-process, for one
 * pass) and by the client of its socket: callers cannot tell.
 */
export interface ControllerApi extends AsyncDisposable {
  plan(options: {
    readonly revision?: string;
    readonly allowMassDelete?: boolean;
  }): Promise<Answer<PlanReport>>;
  reconcile(
    options: {
      readonly revision?: string;
      readonly timeoutMs?: number;
      readonly allowMassDelete?: boolean;
      /** Bottles whose withheld updates may run now. */
      readonly applyNow?: readonly string[];
    },
    onProgress: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Answer<ReconcileReport>>;
  status(): Promise<Answer<FleetStatus>>;
  /** Calls back with each new status until `signal` aborts. */
  watchStatus(onStatus: (status: FleetStatus) => void, signal: AbortSignal): Promise<void>;
  /** For `bb list available` and pickers; see `available-agents.ts`. */
  agents(): Promise<Answer<readonly AgentSummary[]>>;
  events(options: { readonly limit: number }): Promise<Answer<readonly FleetEvent[]>>;
  /** The newest commits that decided something, newest first, with when they were in force. */
  history(options: { readonly limit: number }): Promise<Answer<readonly AuditEntry[]>>;
  /** All about one of them, named by its commit or its proposal. */
  decision(name: string): Promise<Answer<AuditedDecision>>;
  proposals(options: { readonly all?: boolean }): Promise<Answer<readonly ProposalView[]>>;
  /** What approving it on these terms would mean. */
  review(id: string, terms?: ApprovalTerms): Promise<Answer<ProposalReview>>;
  approve(
    request: ApproveRequest,
    onProgress: (progress: Progress) => void,
  ): Promise<Answer<Decision>>;
  reject(request: {
    readonly id: string;
    readonly reason: string;
    readonly operator: string;
  }): Promise<Answer<Decision>>;
  /** What `edit` would commit and do. Changes nothing. */
  previewEdit(edit: FleetEdit): Promise<Answer<EditPreview>>;
  /** Commits the edit and reconciles to it. */
  edit(
    edit: FleetEdit,
    operator: string,
    onProgress: (progress: Progress) => void,
  ): Promise<Answer<ReconcileReport>>;
  /** Leftovers over every backend: what `bb cleanup` would remove, and its removal. */
  leftovers(): Promise<Answer<readonly Leftover[]>>;
  removeLeftovers(
    leftovers: readonly Leftover[],
  ): Promise<Answer<{ readonly removed: number; readonly failed: readonly string[] }>>;
  /** argv for a terminal in the bottle; `argv` is the program to run there, empty for the provider's own session. */
  attachCommand(
    bottle: string,
    argv: readonly string[],
    /** Of the provider's own session: a new one, although there is one to go on with. */
    options?: { readonly isNew: boolean },
  ): Promise<Answer<readonly string[]>>;
  /** argv of a session of the provider that does `text` and ends, with the streams of whoever starts it. */
  headlessCommand(bottle: string, text: string): Promise<Answer<readonly string[]>>;
  /** Tells how such a session ended: the files of an agent that failed are kept when its instance is removed. */
  sessionEnded(bottle: string, exitCode: number): Promise<Answer<null>>;
  /** argv that runs a program in the bottle with the streams of whoever starts it, and no terminal. */
  execCommand(bottle: string, argv: readonly string[]): Promise<Answer<readonly string[]>>;
  logs(
    bottle: string,
    component: 'agent' | 'sidecars',
    options: { readonly follow: boolean; readonly tail: number | null },
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Answer<null>>;
}
