import { assertNever } from '../model/assert-never.ts';
import type { Clock } from '../model/clock.ts';
import type { HostPolicy } from '../model/host-policy.ts';
import type { ProposalId, Revision } from '../model/names.ts';
import type { Proposal } from '../model/proposal.ts';
import type { ProposalStore } from '../supervise/proposal-store.ts';
import type { ProposalRecord } from '../supervise/queue-folder.ts';
import { parseRequestText } from '../supervise/request-text.ts';
import { summarizeRequest } from '../supervise/review.ts';
import type { DecisionIndex } from './decision-index.ts';
import type { DecisionTurns } from './decision-turns.ts';
import { endedByItself } from './ended-proposals.ts';
import { type Demand, demandOf, judgeEnforcement, permissionsFor } from './enforcement.ts';
import type { FleetJournal } from './fleet-journal.ts';
import { resolveTip } from './pass.ts';
import type { Git } from './ports/git.ts';
import type { HeldDecisions } from './ports/held-decisions.ts';
import { answerProposal, type Told } from './proposal-answers.ts';
import type { Reconciler } from './reconciler.ts';
import { recordedAnswer } from './recorded-answer.ts';

interface UnansweredPorts {
  readonly git: Git;
  readonly store: ProposalStore;
  readonly index: DecisionIndex;
  readonly reconciler: Reconciler;
  readonly journal: FleetJournal;
  readonly clock: Clock;
  readonly policy: HostPolicy;
  readonly held: HeldDecisions;
}

/**
 * Finishes what history records and the agent has not heard of, which a crash or an operator who pushed the commit
 * from elsewhere left to do; and ends what nobody will decide any more. Part of every look at the fleet.
 */
export async function answerDecided(
  ports: UnansweredPorts,
  turns: DecisionTurns,
  isUnderWay: (id: ProposalId) => boolean,
): Promise<void> {
  const { store, git } = ports;
  const records = await store.queued();
  const failures: unknown[] = [];
  // What is wrong with one proposal, or with the queue that its bottle can write to, keeps no other waiting.
  const alone = (work: Promise<unknown>) =>
    work.catch((error: unknown) => {
      failures.push(error);
    });
  for (const { proposal, response } of records) {
    if (response !== null) await alone(store.archive(proposal.id));
  }
  const waiting = records.filter(
    ({ proposal: { id, bottle }, response }) =>
      response === null && !turns.isAtWork(bottle) && !isUnderWay(id),
  );
  const resolved = waiting.length === 0 ? null : await resolveTip(git);
  if (resolved !== null && 'revision' in resolved) {
    for (const record of waiting) await alone(finish(record, resolved.revision, ports, turns));
  }
  if (failures.length > 0) throw failures[0];
}

async function finish(
  record: ProposalRecord,
  tip: Revision,
  ports: UnansweredPorts,
  turns: DecisionTurns,
): Promise<void> {
  const { index, git } = ports;
  const { proposal } = record;
  const decision = await index.find(proposal.id, tip);
  // What an operator has decided does not end by itself while the commit waits for the remote.
  const isHeld = decision === null && (await ports.held.find(proposal.id)) !== null;
  if (isHeld) return;
  if (decision === null) return endByItself(record, tip, ports, turns);
  const told = await recordedAnswer(proposal, decision, git);
  if (told.state === 'rejected') return answerProposal(proposal, told, ports);
  return finishApproval(proposal, { ...told, revision: decision.revision }, ports, turns);
}

async function finishApproval(
  proposal: Proposal,
  told: Told & { readonly revision: Revision },
  ports: UnansweredPorts,
  turns: DecisionTurns,
): Promise<void> {
  const { reconciler } = ports;
  const { operator, revision } = told;
  const demand = demandOfAnswer(proposal, told);
  const stated = await judgeEnforcement(demand, reconciler.snapshot(), ports);
  switch (stated.kind) {
    case 'in-force':
      return answerProposal(proposal, told, ports);
    case 'gone': {
      const expired = { state: 'expired', operator, notes: stated.reason, revision } as const;
      return answerProposal(proposal, expired, ports);
    }
    case 'waiting':
      // What the operator permitted with the approval was lost with the process that had it.
      if (demand.of === 'image') await reconciler.pass({ permissions: permissionsFor(demand) });
      return;
    case 'failed': {
      const { failure } = stated;
      if (failure.kind !== 'terminal') return;
      await turns.decide(proposal.id, () =>
        turns.inTurn(proposal.bottle, () =>
          turns.revert({ proposal, approved: revision, operator }, failure),
        ),
      );
      return;
    }
    default:
      assertNever(stated);
  }
}

/** What was approved instead may be another host; null where history does not say which. */
function demandOfAnswer(
  proposal: Proposal,
  { state, final, revision }: Told & { readonly revision: Revision },
): Demand {
  const asked = demandOf(proposal, revision);
  if (state !== 'modified' || asked.of !== 'tables') return asked;
  const instead = parseRequestText(proposal, final ?? '');
  return instead.ok
    ? demandOf({ ...proposal, request: instead.request }, revision)
    : { ...asked, host: null };
}

/** Nobody decides it any more; told when nobody is deciding, so that an operator who was faster wins. */
async function endByItself(
  record: ProposalRecord,
  tip: Revision,
  ports: UnansweredPorts,
  turns: DecisionTurns,
): Promise<void> {
  const { reconciler, clock, journal } = ports;
  const { proposal } = record;
  const told = endedByItself(record, reconciler.snapshot(), clock);
  if (told === null) return;
  await turns.alone(proposal, async () => {
    const now = await ports.store.read(proposal.id);
    if (now === null || now.response !== null) return;
    const resolved = await resolveTip(ports.git);
    if ('refusal' in resolved || resolved.revision !== tip) return;
    await answerProposal(proposal, told, ports);
    await journal.record({
      severity: 'info',
      bottle: proposal.bottle,
      reason: told.state === 'expired' ? 'ProposalExpired' : 'ProposalCancelled',
      message: `proposal ${proposal.id} (${summarizeRequest(proposal)}): ${told.notes}`,
      revision: tip,
    });
  });
}
