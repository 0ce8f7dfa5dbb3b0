import type { Plan } from './action.ts';
import type { Preflight } from './preflight.ts';

/** An operator's change of the tree, made as a commit: `stop`, `suspend`, `start`. */
export type FleetEdit =
  | { readonly kind: 'remove-instance'; readonly bottle: string }
  | { readonly kind: 'suspend-instance'; readonly bottle: string; readonly suspend: boolean }
  | { readonly kind: 'suspend-fleet'; readonly suspend: boolean }
  | {
      readonly kind: 'add-instance';
      readonly agent: string;
      /** Null mints `<agent>-<5 base36 characters>`. */
      readonly bottle: string | null;
      readonly label: string | null;
    }
  /** Takes back what one commit did: a commit, a proposal that was approved, or a bottle for its newest decision. */
  | { readonly kind: 'rollback'; readonly target: string }
  /** Brings files back as they were at a commit: all of them, or only those that belong to a bottle. */
  | { readonly kind: 'restore'; readonly revision: string; readonly only: string | null };

/** What an edit would do, before it is committed. */
export interface EditPreview {
  /** The edit with every choice made: committing it gives what was shown. */
  readonly edit: FleetEdit;
  /** Subject of the commit. */
  readonly subject: string;
  /** Unified diff of the files; sanitised. */
  readonly diff: string;
  readonly plan: Plan;
  /** The bottle that it is about, as it would be; null when it is about none, or removes it. */
  readonly preflight: Preflight | null;
}
