import type { Revision } from '../../model/names.ts';

/** What a note in `refs/notes/bb` says of one bottle: the commit was applied to it. */
export interface Application {
  /** RFC 3339: when the whole fleet was in force at the commit. */
  readonly at: string;
  readonly bottle: string;
  readonly actions: number;
  /** `done`, or what failed on the way. */
  readonly result: string;
}

/** One decision with what it changed. */
export interface AuditedDecision {
  readonly entry: AuditEntry;
  /** Unified diff of the desired-state folder; sanitised. */
  readonly diff: string;
}

/** A commit that undid another one. */
export interface Undoing {
  readonly revision: Revision;
  /** `revert`: it could not be put in force. `rollback`: an operator took it back. */
  readonly action: string;
}

/**
 * One decision as history tells it: a commit of bb's, or one that somebody made by hand. Its texts are whatever the
 * commit says; they are made harmless where they are shown.
 */
export interface AuditEntry {
  readonly revision: Revision;
  /** RFC 3339, by the clock of whoever committed. */
  readonly at: string;
  /** `approve`, `modify`, `reject`, `revert`, `rollback`, `start`, `stop`, …; `commit` for one made by hand. */
  readonly action: string;
  readonly bottle: string | null;
  readonly tool: string | null;
  readonly proposal: string | null;
  /** Who decided: of a commit made by hand its author. */
  readonly operator: string;
  readonly author: string;
  readonly subject: string;
  readonly reason: string | null;
  readonly justification: string | null;
  /** The commit that this one undoes. */
  readonly reverts: string | null;
  readonly undoneBy: Undoing | null;
  /** Paths below the desired-state folder that it changed. */
  readonly files: readonly string[];
  /** The first application that held it: of itself or of a commit that came after it. */
  readonly inForce: { readonly at: string; readonly revision: Revision } | null;
  /** What was done when exactly this commit was applied. */
  readonly applications: readonly Application[];
}
