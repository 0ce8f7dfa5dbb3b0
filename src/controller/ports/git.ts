import type { TreeFile } from '../../desired/tree-file.ts';
import type { Revision } from '../../model/names.ts';

/** Why a repository cannot be followed, in words with what to do. */
export type SourceProblem = {
  readonly kind:
    | 'not-a-repository'
    | 'empty-repository'
    | 'missing-branch'
    | 'missing-folder'
    | 'unreadable';
  readonly message: string;
  readonly hint: string;
};

export type Resolved =
  | { readonly kind: 'resolved'; readonly revision: Revision }
  | { readonly kind: 'problem'; readonly problem: SourceProblem };

/** A commit to be made on the branch by plumbing: never through the operator's index or working tree. */
export interface CommitRequest {
  /** Tip that the change was computed on; the commit is refused when the branch is elsewhere. */
  readonly parent: Revision;
  /** Path below the repository's root → new text, or null to delete; empty for an empty commit. */
  readonly changes: ReadonlyMap<string, string | null>;
  readonly subject: string;
  /** Sanitised paragraphs. */
  readonly body: string;
  /** `Bb-…` trailers in order. */
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

export type CommitOutcome =
  | {
      readonly kind: 'committed';
      readonly revision: Revision;
      /** Paths that were dirty in the working tree and so were not updated there. */
      readonly leftInWorkingTree: readonly string[];
    }
  | { readonly kind: 'moved'; readonly tip: Revision };

/** A commit that is on the branch while the working tree is still behind it. */
type AheadOutcome =
  | {
      readonly kind: 'committed';
      readonly revision: Revision;
      /** Lets the working tree follow; gives the paths that were dirty there and so were not updated. */
      readonly follow: () => Promise<readonly string[]>;
    }
  | { readonly kind: 'moved'; readonly tip: Revision };

export interface LoggedCommit {
  readonly revision: Revision;
  readonly parents: readonly Revision[];
  readonly author: string;
  /** RFC 3339. */
  readonly at: string;
  readonly subject: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

/** The one repository that a fleet is described in. */
export interface Git {
  readonly repository: string;
  readonly branch: string;
  /** Desired-state folder below the root, `desired-state`. */
  readonly folder: string;
  resolve(): Promise<Resolved>;
  /** Any commit-ish to a full id; null when there is no such commit. */
  resolveRevision(raw: string): Promise<Revision | null>;
  /** All blobs below the folder at a commit; paths relative to the folder. */
  readTree(revision: Revision): Promise<ReadonlyMap<string, TreeFile>>;
  isAncestor(ancestor: Revision, descendant: Revision): Promise<boolean>;
  commit(request: CommitRequest): Promise<CommitOutcome>;
  /** As `commit`, for a caller with something more urgent to do than the working tree, which it has follow after. */
  commitAhead(request: CommitRequest): Promise<AheadOutcome>;
  /** Newest first, at most `limit`. */
  log(from: Revision, limit: number): Promise<readonly LoggedCommit[]>;
  /** Unified diff of the folder between two commits. */
  diff(from: Revision, to: Revision): Promise<string>;
  /** Adds a line to the commit's note in `refs/notes/bb`. */
  appendNote(revision: Revision, line: string): Promise<void>;
  readNote(revision: Revision): Promise<string | null>;
  /** Calls back whenever the branch may have moved, until `signal` aborts. Resolves when the watch is in place. */
  watch(onHint: () => void, signal: AbortSignal): Promise<void>;
}
