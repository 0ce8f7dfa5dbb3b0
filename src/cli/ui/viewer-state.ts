import type { AgentSummary, ProposalReview, ProposalView } from '../../controller/api.ts';
import type { AuditEntry } from '../../controller/audit.ts';
import type { EditPreview } from '../../model/fleet-edit.ts';
import type { FleetStatus } from '../../model/status.ts';

export type PaneName = 'proposals' | 'agents';

/** Where the selection of a pane is: at `id`, or at `index` when that one is gone. */
export interface Cursor {
  readonly id: string | null;
  readonly index: number;
}

/** A question that takes all keys until it is answered. */
export type Modal =
  | { readonly kind: 'help'; readonly scroll: number }
  /** `agents` is null while they are fetched. */
  | {
      readonly kind: 'pick-agent';
      readonly agents: readonly AgentSummary[] | null;
      readonly filter: string;
      readonly index: number;
    }
  /** `preview` is null while it is computed. */
  | {
      readonly kind: 'start';
      readonly agent: string;
      readonly preview: EditPreview | null;
      readonly scroll: number;
    }
  | {
      readonly kind: 'approve-all';
      readonly reviews: readonly ProposalReview[];
      readonly scroll: number;
    }
  /** `instead` is the text that is approved in place of what was asked for, or null. */
  | {
      readonly kind: 'approve';
      readonly review: ProposalReview;
      readonly instead: string | null;
    }
  | {
      readonly kind: 'reject';
      readonly id: string;
      readonly summary: string;
      readonly reason: string;
    }
  | { readonly kind: 'stop'; readonly bottle: string }
  | {
      readonly kind: 'apply';
      readonly bottle: string;
      readonly impact: string;
      readonly waitsFor: string;
    };

/** One proposal, whole; `review` is null while it is fetched. */
interface Detail {
  readonly id: string;
  readonly review: ProposalReview | null;
  readonly scroll: number;
}

/** What a text is of. */
export type Topic =
  | { readonly kind: 'logs'; readonly bottle: string; readonly component: 'agent' | 'sidecars' }
  | { readonly kind: 'diff'; readonly bottle: string }
  | { readonly kind: 'events' }
  | { readonly kind: 'commit'; readonly revision: string };

/** The recent commits. */
export interface History {
  /** Newest first; null while they are fetched. */
  readonly entries: readonly AuditEntry[] | null;
  readonly cursor: Cursor;
}

/** A text that fills the screen. */
interface Reader {
  readonly topic: Topic;
  /** Null while it is fetched. */
  readonly lines: readonly string[] | null;
  /** Index of the first line that is shown, or null to stay at the end. */
  readonly scroll: number | null;
}

/** The status line: stays until another one comes or a key is pressed, never wiped by a refresh (R2). */
export interface Message {
  readonly tone: 'plain' | 'good' | 'bad';
  readonly text: string;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Everything that a frame of the viewer shows. Plain data: the same state is always the same frame. */
export interface ViewerState {
  readonly size: Size;
  readonly nowMs: number;
  /** Null until the first answer. */
  readonly status: FleetStatus | null;
  /** Pending ones, oldest first; null until the first answer. */
  readonly proposals: readonly ProposalView[] | null;
  readonly pane: PaneName;
  readonly cursors: { readonly [pane in PaneName]: Cursor };
  readonly filters: { readonly [pane in PaneName]: string };
  /** True while the filter of the current pane is typed. */
  readonly isFiltering: boolean;
  readonly modal: Modal | null;
  readonly detail: Detail | null;
  readonly reader: Reader | null;
  readonly history: History | null;
  /** Proposals that `A` approves. */
  readonly selected: readonly string[];
  /** Proposal whose approval was asked for and whose review is fetched. */
  readonly approving: string | null;
  readonly message: Message | null;
  /** Why what is shown may be old, or null while the controller answers. */
  readonly connectionProblem: string | null;
  /** Proposals that arrived in the last seconds. */
  readonly fresh: readonly string[];
}

/** Before anything is known. */
export function initialState(size: Size, nowMs: number): ViewerState {
  return {
    size,
    nowMs,
    status: null,
    proposals: null,
    pane: 'agents',
    cursors: { proposals: { id: null, index: 0 }, agents: { id: null, index: 0 } },
    filters: { proposals: '', agents: '' },
    isFiltering: false,
    modal: null,
    detail: null,
    reader: null,
    history: null,
    selected: [],
    approving: null,
    message: null,
    connectionProblem: null,
    fresh: [],
  };
}
