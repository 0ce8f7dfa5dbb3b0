import type { Revision } from '../../model/names.ts';
import type { BranchHistory } from './branch-history.ts';
import { type AuditCheck, type AuditFinding, checked } from './verdict.ts';

/** Commits that this host or the repository remembers apart from the branch itself. */
export interface Remembered {
  /** That have a note of an application. */
  readonly noted: readonly Revision[];
  /** That agents were told of, by proposal. */
  readonly answered: readonly { readonly proposal: string; readonly revision: Revision }[];
  /** The newest one that was found trusted. */
  readonly trusted: Revision | null;
}

/** Whether all that was ever applied, answered with or trusted is still on the branch. */
export function checkHistory(
  history: BranchHistory,
  { noted, answered, trusted }: Remembered,
): AuditCheck {
  const remembered = [
    ...noted.map((revision) => ({ revision, what: 'was applied, as its note says' })),
    ...answered.map(({ proposal, revision }) => ({
      revision,
      what: `was the answer to proposal ${proposal}`,
    })),
    ...(trusted === null ? [] : [{ revision: trusted, what: 'was the newest trusted one' }]),
  ];
  const lost = Map.groupBy(
    remembered.filter(({ revision }) => !history.has(revision)),
    ({ revision }) => revision,
  );
  const findings = [...lost].map(([about, reasons]): AuditFinding => {
    const why = reasons.map(({ what }) => what).join(', ');
    return {
      kind: 'history-rewritten',
      about,
      message: `commit ${about.slice(0, 12)} ${why}, and is no longer on the branch`,
      hint: `somebody rewrote the branch: git branch recovered ${about.slice(0, 12)} keeps it while git still has it`,
    };
  });
  const detail = `${history.size} commits, ${noted.length} notes, ${answered.length} answers`;
  return checked('history', detail, findings);
}
