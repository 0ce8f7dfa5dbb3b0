import { fingerprint } from '../model/fingerprint.ts';
import type { Proposal } from '../model/proposal.ts';
import { commitMessage } from '../supervise/commit-message.ts';
import type { Answer, ApproveRequest, ProposalReview } from './api.ts';
import { applicable } from './applicable.ts';
import type { Approvable } from './asked-instead.ts';
import { type CandidatePorts, candidateOf } from './candidate.ts';
import type { ChangeAt } from './commit-chain.ts';
import { demandOf, permissionsFor } from './enforcement.ts';
import { oncePerTree } from './once-per-tree.ts';
import { guardPolicy } from './policy-guard.ts';
import type { HeldDecision } from './ports/held-decisions.ts';
import type { Reconciler } from './reconciler.ts';
import { reviewCandidate } from './review-candidate.ts';

interface AskedApproval {
  readonly request: ApproveRequest & { readonly kind: 'approve' };
  /** The decision that is taken up again, which binds it to what its operator agreed to. */
  readonly held: HeldDecision | null;
  readonly onAgreed: (agreed: string) => void;
}

/** The commit that approving means: an edit that is valid, can be put in force, and is what the operator was shown. */
export function approvalChange(
  { proposal, asked, instead }: Approvable,
  { request, held, onAgreed }: AskedApproval,
  ports: CandidatePorts & { readonly reconciler: Pick<Reconciler, 'foresee' | 'lookAhead'> },
): ChangeAt {
  const { reconciler, git } = ports;
  return oncePerTree(git, async (parent) => {
    const found = await candidateOf(proposal, request, parent, ports);
    if (!found.ok) return found;
    const candidate = found.value;
    const { after, edits } = candidate;
    const guarded = guardPolicy(request, proposal, candidate);
    if (!guarded.ok) return guarded;
    const permissions = permissionsFor(demandOf(proposal, parent));
    const ahead = await reconciler.lookAhead({ revision: parent, desired: after }, permissions);
    const possible = applicable(proposal, ahead, candidate.before);
    if (!possible.ok) return possible;
    const review = reviewCandidate(proposal, candidate, ahead.plan);
    const isAgreed =
      held === null || held.agreed === null
        ? request.seen === undefined || request.seen === review.seen
        : held.agreed === agreementOf(review);
    if (!isAgreed) return outdated(proposal.id);
    onAgreed(agreementOf(review));
    const { operator, notes = null } = request;
    const message = commitMessage({ kind: 'approve', proposal: asked, operator, notes, instead });
    const changes = new Map(edits.map((edit) => [`${git.folder}/${edit.path}`, edit.after]));
    return { ok: true, value: { changes, ...message } };
  });
}

/** What an approval means, wherever on the branch its edit lands. */
function agreementOf({ effective, risks }: ProposalReview): string {
  return fingerprint({ effective, risks });
}

function outdated(id: Proposal['id']): Answer<never> {
  const refusal = {
    kind: 'conflict',
    message: `what proposal ${id} would change is not what you were shown`,
    hint: `the branch moved; look again with bb show ${id}`,
    diagnostics: [],
  } as const;
  return { ok: false, refusal };
}
