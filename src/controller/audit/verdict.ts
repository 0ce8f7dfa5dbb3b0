/** Something that a history which nobody tampered with does not have. */
export interface AuditFinding {
  readonly kind: /** A commit that bears no signature, or one that this host does not trust. */
    | 'untrusted-commit'
    /** Something is enforced that no commit asks for. */
    | 'line-without-commit'
    | 'denial-not-enforced'
    /** A bottle is recorded to be at a commit that the branch does not hold. */
    | 'applied-outside-history'
    /** A commit was applied, answered with or trusted, and is no longer on the branch. */
    | 'history-rewritten';
  /** A commit, or a bottle and its line. Made harmless where it is shown. */
  readonly about: string;
  readonly message: string;
  readonly hint: string;
}

/** One thing that was looked at, and how much of it. */
export interface AuditCheck {
  readonly name: 'signatures' | 'live tables' | 'applied' | 'history';
  /** `skipped`: there is nothing here to look at, which is said in `detail`. */
  readonly state: 'ok' | 'found' | 'skipped';
  readonly detail: string;
  readonly findings: readonly AuditFinding[];
}

/** Ends a check: what it found decides its state. */
export function checked(
  name: AuditCheck['name'],
  detail: string,
  findings: readonly AuditFinding[],
): AuditCheck {
  return { name, state: findings.length === 0 ? 'ok' : 'found', detail, findings };
}
