import type { BottleName, ProposalId } from '../../model/names.ts';

/** What an operator decided, as it was asked for. */
export type DecisionRequest =
  | {
      readonly kind: 'approve';
      readonly id: string;
      readonly operator: string;
      readonly seen?: string | undefined;
      readonly scope?: string | undefined;
      readonly text?: string | undefined;
      readonly expires?: string | undefined;
      readonly notes?: string | undefined;
    }
  | {
      readonly kind: 'reject';
      readonly id: string;
      readonly operator: string;
      readonly reason: string;
    };

/** A decision that no commit of the remote is known to record yet. */
export interface HeldDecision {
  readonly id: ProposalId;
  readonly bottle: BottleName;
  readonly request: DecisionRequest;
  /** RFC 3339. */
  readonly at: string;
  /** Hash of what its operator agreed to: known once it waits for the remote, which may move the branch until then. */
  readonly agreed: string | null;
}

/**
 * Decisions about proposals that are followed through a remote, written down before anything of them is done. Kept where
 * only the controller gets: not in the queue, which sidecars write to.
 */
export interface HeldDecisions {
  /** In the order in which they were made. */
  all(): Promise<readonly HeldDecision[]>;
  find(id: ProposalId): Promise<HeldDecision | null>;
  /** Written and flushed when it resolves; replaces what is held of the same proposal. */
  hold(decision: HeldDecision): Promise<void>;
  release(id: ProposalId): Promise<void>;
}
