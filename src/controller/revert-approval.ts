import type { BottleName, Revision } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import { sanitizeLine } from '../model/sanitize.ts';
import { commitMessage } from '../supervise/commit-message.ts';
import type { Answer, Refusal } from './api.ts';
import type { ChangeAt } from './commit-chain.ts';
import { commitChanges } from './commit-changes.ts';
import type { Failure } from './failure.ts';
import type { FleetJournal } from './fleet-journal.ts';
import type { Git } from './ports/git.ts';
import { NO_PERMISSIONS, type Reconciler } from './reconciler.ts';
import { treeWithoutChange } from './tree-without-change.ts';

export interface RevertPorts {
  readonly git: Git;
  readonly journal: FleetJournal;
  readonly reconciler: Reconciler;
  /** Commits when nothing else does; what is brought about in the bottle afterwards holds nobody up. */
  readonly committing: <Value>(work: () => Promise<Value>) => Promise<Value>;
}

/** One pass for the turn that is under way, one for the way back, one that sees that nothing is left to do. */
const ROUNDS = 3;

/**
 * Takes an approved edit back by a commit that says why, and brings the bottle back to what it was; the proposal
 * waits again. Always a refusal: this is how an approval fails.
 */
export async function revertApproval(
  approval: { readonly proposal: Proposal; readonly approved: Revision; readonly operator: string },
  failed: Pick<Failure, 'message' | 'log'>,
  ports: RevertPorts,
): Promise<Answer<never>> {
  const { proposal, approved, operator } = approval;
  const { git, journal, reconciler } = ports;
  const reason = sanitizeLine(failed.message);
  const log = failed.log ?? [];
  const revertAt: ChangeAt = async (tip) => {
    const undone = await undoneAt(tip, approved, git);
    if (!undone.ok) return undone;
    const message = commitMessage({
      kind: 'revert',
      proposal,
      operator,
      reverts: approved,
      reason,
      log,
    });
    return { ok: true, value: { changes: undone.value, ...message } };
  };
  const reverted = await ports.committing(() => commitChanges(git, revertAt));
  if (!reverted.ok) {
    const { message, hint } = reverted.refusal;
    return refuse(
      'apply-failed',
      `the approval could not be put in force: ${reason}; ${message}`,
      hint,
    );
  }
  await bringBack(proposal.bottle, reconciler);
  await journal.record({
    severity: 'error',
    bottle: proposal.bottle,
    reason: 'ApprovalReverted',
    message: `proposal ${proposal.id}: ${reason}`,
    revision: reverted.value.revision,
  });
  return refuse(
    'apply-failed',
    `the approval could not be put in force and was reverted: ${reason}`,
    `the proposal waits again; see bb status and bb logs ${proposal.bottle} sidecars`,
  );
}

/** What the approval changed, taken out of the tip: what others were allowed since stays. */
async function undoneAt(
  tip: Revision,
  approved: Revision,
  git: Git,
): Promise<Answer<ReadonlyMap<string, string | null>>> {
  const [commit] = await git.log(approved, 1);
  const parent = commit?.parents[0];
  if (parent === undefined) return refuse('conflict', 'the approval has no parent commit', null);
  const [before, after, now] = await Promise.all([
    git.readTree(parent),
    git.readTree(approved),
    git.readTree(tip),
  ]);
  const taken = treeWithoutChange({ before, after, now });
  if (taken.kind === 'in-the-way') {
    return refuse(
      'conflict',
      `it cannot be taken back automatically: in ${taken.path} ${taken.reason}`,
      `undo commit ${approved.slice(0, 12)} by hand`,
    );
  }
  const { folder } = git;
  const changes = [...taken.changes].map(([path, text]) => [`${folder}/${path}`, text] as const);
  return { ok: true, value: new Map(changes) };
}

/** A turn that still waits for the reverted table is let end: what it rendered must not stay behind. */
async function bringBack(bottle: BottleName, reconciler: Reconciler): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    await reconciler.settled(bottle);
    const report = await reconciler.pass({ permissions: NO_PERMISSIONS });
    if (report.kind === 'refused' || !reconciler.snapshot().inFlight.has(bottle)) return;
  }
}

function refuse(kind: Refusal['kind'], message: string, hint: string | null): Answer<never> {
  return { ok: false, refusal: { kind, message, hint, diagnostics: [] } };
}
