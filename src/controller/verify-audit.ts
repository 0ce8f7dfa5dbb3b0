import type { Revision } from '../model/names.ts';
import { diskQueueFiles } from '../supervise/disk-queue-files.ts';
import { createProposalStore } from '../supervise/proposal-store.ts';
import { createFleetStore } from './adapters/fleet-store.ts';
import { systemClock } from './adapters/system-clock.ts';
import type { Answer, ControllerOptions } from './api.ts';
import { bottlesAt as bottlesAsked } from './audit/bottles-at.ts';
import { BranchHistory } from './audit/branch-history.ts';
import { checkApplied } from './audit/check-applied.ts';
import { checkHistory } from './audit/check-history.ts';
import { checkLiveTables } from './audit/check-live-tables.ts';
import { checkSignatures } from './audit/check-signatures.ts';
import { ownNotes } from './audit/own-notes.ts';
import { reportedSidecars } from './audit/reported-sidecars.ts';
import type { AuditCheck } from './audit/verdict.ts';
import { openFleetHistory } from './open-history.ts';

/** What `bb audit verify` looked at. Sound when no check found anything; what was skipped says why. */
export interface AuditVerdict {
  readonly branch: string;
  readonly tip: Revision;
  readonly isSound: boolean;
  readonly checks: readonly AuditCheck[];
}

/**
 * Holds what is enforced, recorded and remembered against the branch. Reads git and the files of this host; asks no
 * controller and no engine, and changes nothing.
 */
export async function verifyAudit(options: ControllerOptions): Promise<Answer<AuditVerdict>> {
  const opened = await openFleetHistory(options);
  if (!opened.ok) return opened;
  const { git, tip, host, fleet, directory } = opened.value;
  const store = createFleetStore(directory);
  const history = await BranchHistory.of(git.records(tip));
  const [applied, fleetAt, noted, trusted, records] = await Promise.all([
    store.readApplied(),
    store.readAppliedRevision(),
    ownNotes(fleet, history, git),
    git.lastTrusted(),
    createProposalStore(diskQueueFiles, directory).all(),
  ]);
  const answered = records.flatMap(({ proposal, response }) =>
    response === null || response.revision === null
      ? []
      : [{ proposal: proposal.id, revision: response.revision }],
  );
  const bottlesAt = async (revision: Revision) => {
    if ((await git.resolveRevision(revision)) === null) return {};
    const whole = async () => (host.config.onInvalid === 'isolate' ? fleetAt : null);
    return bottlesAsked(revision, { git, policy: host.policy, clock: systemClock, whole });
  };
  const checks = [
    await checkSignatures(history, host.config.verify, git),
    await checkLiveTables(tip, applied, {
      files: await reportedSidecars(options, fleet),
      bottlesAt,
    }),
    checkApplied(history, applied, fleetAt),
    checkHistory(history, { noted, answered, trusted }),
  ];
  const isSound = checks.every(({ state }) => state !== 'found');
  return { ok: true, value: { branch: git.branch, tip, isSound, checks } };
}
