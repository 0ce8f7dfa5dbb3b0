import type { TreeFile } from '../../desired/tree-file.ts';
import type { Revision } from '../../model/names.ts';
import type { RemoteState } from '../../model/remote-state.ts';

/** Why a repository cannot be followed, in words with what to do. */
export type SourceProblem = {
  readonly kind:
    | 'not-a-repository'
    | 'empty-repository'
    | 'missing-branch'
    | 'missing-folder'
    | 'unreadable'
    /** Somebody whom this host does not trust made the commit, or one on the way to it. */
    | 'untrusted';
  readonly message: string;
  readonly hint: string;
};

export type Resolved =
  | { readonly kind: 'resolved'; readonly revision: Revision }
  | { readonly kind: 'problem'; readonly problem: SourceProblem };

/** What a commit's signature is worth to this host. */
export type Signature =
  | { readonly kind: 'good'; readonly signer: string; readonly fingerprint: string }
  | { readonly kind: 'unsigned' }
  /** The key is not one that the host's files name, or has no meaning here. */
  | { readonly kind: 'unknown-signer'; readonly fingerprint: string }
  | { readonly kind: 'expired' | 'revoked'; readonly fingerprint: string }
  /** It does not fit the commit, or was made with a key that the host revoked. */
  | { readonly kind: 'bad' };

/** What `audit.signCommits` asks for; `auto` does what git is configured to do here, and signs what is verified. */
export type SignPolicy = 'auto' | 'always' | 'never';

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
  /** Absent = `auto`. */
  readonly sign?: SignPolicy;
}

/** Nothing was committed: it could not be signed, this host would not trust it, or the remote does not take it. */
export interface CommitRefused {
  readonly kind: 'refused';
  readonly message: string;
  readonly hint: string;
}

/** The remote did not say that it has the commit. It may have: look for it in its history before making another. */
export interface CommitUnreachable {
  readonly kind: 'unreachable';
  readonly message: string;
  readonly hint: string;
}

export type CommitOutcome =
  | {
      readonly kind: 'committed';
      readonly revision: Revision;
      /** Paths that were dirty in the working tree and so were not updated there. */
      readonly leftInWorkingTree: readonly string[];
    }
  | { readonly kind: 'moved'; readonly tip: Revision }
  | CommitUnreachable
  | CommitRefused;

/** What became of a chain of commits: all of them are on the branch, or none is. */
export type ChainOutcome =
  | {
      readonly kind: 'committed';
      /** One a commit: lets the working tree follow it; gives the paths that were dirty there and so were not updated. */
      readonly follow: readonly (() => Promise<readonly string[]>)[];
    }
  | { readonly kind: 'moved'; readonly tip: Revision }
  | CommitUnreachable
  | CommitRefused;

/** Commits that are made one on the other, and come onto the branch together. */
export interface CommitChain {
  /** The newest of them, or what the first is to be made on. */
  readonly tip: Revision;
  /** Makes a commit that no branch has yet. */
  add(
    request: Omit<CommitRequest, 'parent'>,
  ): Promise<{ readonly kind: 'added'; readonly revision: Revision } | CommitRefused>;
  /** Moves the branch to the newest, as one step and unless it has moved; while the working tree stays behind. */
  publish(): Promise<ChainOutcome>;
}

export interface LoggedCommit {
  readonly revision: Revision;
  readonly parents: readonly Revision[];
  readonly author: string;
  /** RFC 3339. */
  readonly at: string;
  readonly subject: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
}

/** All that history tells of a commit; every text is somebody else's. */
export interface CommitRecord extends LoggedCommit {
  /** Its note in `refs/notes/bb`; null when there is none. */
  readonly note: string | null;
  /** Paths below the repository's root that it changed; none for a merge. */
  readonly files: readonly string[];
}

/** A line of a file and the commit that last wrote it. */
export interface BlamedLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly revision: Revision;
}

/** The one repository that a fleet is described in. */
export interface Git {
  /** For people: the folder, or the URL of a remote. */
  readonly repository: string;
  readonly branch: string;
  /** Desired-state folder below the root, `desired-state`. */
  readonly folder: string;
  /** The tip of the branch, once everything up to it is trusted: until then it is a problem. */
  resolve(): Promise<Resolved>;
  /** Why this host does not trust a commit; null when it does, or verifies nothing. */
  distrust(revision: Revision): Promise<SourceProblem | null>;
  /** The newest tip that was found trusted; null when there was none, or nothing is verified. */
  lastTrusted(): Promise<Revision | null>;
  /** What the signatures of these commits are worth, in order. */
  signatures(revisions: readonly Revision[]): Promise<readonly Signature[]>;
  /** Any commit-ish to a full id; null when there is no such commit. */
  resolveRevision(raw: string): Promise<Revision | null>;
  /** All blobs below the folder at a commit; paths relative to the folder. */
  readTree(revision: Revision): Promise<ReadonlyMap<string, TreeFile>>;
  isAncestor(ancestor: Revision, descendant: Revision): Promise<boolean>;
  commit(request: CommitRequest): Promise<CommitOutcome>;
  /** As `commit`, for several, and for a caller with something more urgent to do than the working tree. */
  chain(base: Revision): CommitChain;
  /** Lets the working tree have the commits of a process that died before they were brought there. */
  catchUp(): Promise<void>;
  /** Newest first, at most `limit`. */
  log(from: Revision, limit: number): Promise<readonly LoggedCommit[]>;
  /** Commits up to `from` whose message may name a proposal, newest first; without those up to `since`. */
  naming(from: Revision, since: Revision | null): Promise<readonly LoggedCommit[]>;
  /** Every commit up to `from`, children before their parents, read as git gives them. */
  records(from: Revision): AsyncIterable<CommitRecord>;
  /** These commits, in order; those that are not here are left out. */
  commits(revisions: readonly Revision[]): Promise<readonly LoggedCommit[]>;
  /** Who last wrote lines of a file below the folder, as it is at a commit. */
  blame(revision: Revision, path: string, lines: readonly number[]): Promise<readonly BlamedLine[]>;
  /** Commits up to `from` that added or removed a line of the folder in which the word stands. */
  mentioning(from: Revision, word: string): Promise<readonly Revision[]>;
  /** The tip of the branch as it is, whoever made it; null when there is no such branch. */
  tip(): Promise<Revision | null>;
  /** Unified diff of the folder between two commits. */
  diff(from: Revision, to: Revision): Promise<string>;
  /** What a commit changed in the folder, as a unified diff: of a merge against its first parent. */
  show(revision: Revision): Promise<string>;
  /** Adds lines to the commit's note in `refs/notes/bb`. */
  appendNote(revision: Revision, lines: readonly string[]): Promise<void>;
  /** Every commit that has a note, on the branch or not. */
  noted(): Promise<readonly Revision[]>;
  readNote(revision: Revision): Promise<string | null>;
  /** Null for a repository of this machine. A remote one is followed by a mirror, which all of the above reads. */
  remote(): RemoteState | null;
  /** Calls back whenever the branch may have moved, until `signal` aborts. Resolves when the watch is in place. */
  watch(onHint: () => void, signal: AbortSignal): Promise<void>;
}
