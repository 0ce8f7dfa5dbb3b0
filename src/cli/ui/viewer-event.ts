import type { AgentSummary, ProposalReview, ProposalView } from '../../controller/api.ts';
import type { AuditEntry } from '../../controller/audit.ts';
import type { EditPreview, FleetEdit } from '../../model/fleet-edit.ts';
import type { FleetStatus } from '../../model/status.ts';
import type { Intent } from './keymap.ts';
import type { Message, Size, Topic } from './viewer-state.ts';

/** Everything that changes what the viewer shows. */
export type ViewerEvent =
  | { readonly kind: 'resized'; readonly size: Size }
  | { readonly kind: 'ticked'; readonly nowMs: number }
  | { readonly kind: 'status'; readonly status: FleetStatus; readonly nowMs: number }
  | { readonly kind: 'proposals'; readonly proposals: readonly ProposalView[] }
  | { readonly kind: 'connection-lost'; readonly problem: string }
  | { readonly kind: 'intent'; readonly intent: Intent }
  | { readonly kind: 'typed'; readonly text: string }
  | { readonly kind: 'erased' }
  | { readonly kind: 'reviewed'; readonly id: string; readonly review: ProposalReview }
  /** `text` is to be approved instead of what was asked for, which means `review`. */
  | { readonly kind: 'modified'; readonly review: ProposalReview; readonly text: string }
  | { readonly kind: 'review-failed'; readonly id: string; readonly problem: string }
  | { readonly kind: 'all-reviewed'; readonly reviews: readonly ProposalReview[] }
  | { readonly kind: 'agents'; readonly agents: readonly AgentSummary[] }
  | { readonly kind: 'previewed'; readonly agent: string; readonly preview: EditPreview }
  /** What was being fetched for a question did not come. */
  | { readonly kind: 'question-failed'; readonly problem: string }
  | { readonly kind: 'started'; readonly bottle: string }
  /** Lines of a text: added to it, or all of it. */
  | {
      readonly kind: 'read';
      readonly topic: Topic;
      readonly lines: readonly string[];
      readonly isWhole: boolean;
    }
  /** Null when they could not be read. */
  | { readonly kind: 'history'; readonly entries: readonly AuditEntry[] | null }
  | { readonly kind: 'told'; readonly message: Message }
  | { readonly kind: 'highlight-ended'; readonly ids: readonly string[] };

/** What the shell of the viewer is asked to do; each is a command of `bb` or of the terminal. */
export type ViewerEffect =
  | { readonly kind: 'review'; readonly id: string }
  | {
      readonly kind: 'approve';
      readonly review: ProposalReview;
      readonly instead: string | null;
    }
  | { readonly kind: 'modify'; readonly id: string }
  | { readonly kind: 'reject'; readonly id: string; readonly reason: string }
  | { readonly kind: 'review-all'; readonly ids: readonly string[] }
  | { readonly kind: 'approve-all'; readonly reviews: readonly ProposalReview[] }
  | { readonly kind: 'list-agents' }
  | { readonly kind: 'preview'; readonly agent: string }
  | { readonly kind: 'start'; readonly edit: FleetEdit; readonly bottle: string }
  | { readonly kind: 'apply'; readonly bottle: string }
  | { readonly kind: 'read'; readonly topic: Topic }
  | { readonly kind: 'stop-reading' }
  | { readonly kind: 'read-history' }
  | { readonly kind: 'stop'; readonly bottle: string }
  | { readonly kind: 'attach'; readonly bottle: string }
  | { readonly kind: 'announce'; readonly ids: readonly string[] }
  | { readonly kind: 'leave' };

export interface Reduced<State> {
  readonly state: State;
  readonly effects: readonly ViewerEffect[];
}
