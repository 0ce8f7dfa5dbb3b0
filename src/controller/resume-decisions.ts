import { sanitizeLine } from '../model/sanitize.ts';
import type { Answer, Decision } from './api.ts';
import type { DecisionHolder, HolderPorts } from './decision-holder.ts';
import type { DecisionTurns } from './decision-turns.ts';
import type { HeldDecision } from './ports/held-decisions.ts';

/**
 * Takes up the decisions that are written down and not known to be in the remote, in the order in which they were made,
 * until the remote is gone again. One that no longer fits what its operator agreed to is let go and told; its proposal
 * waits again.
 */
export async function resumeDecisions(
  ports: HolderPorts,
  holder: DecisionHolder,
  turns: Pick<DecisionTurns, 'isAtWork'>,
  resume: (held: HeldDecision) => Promise<Answer<Decision>>,
): Promise<void> {
  const { git, held, store, journal } = ports;
  for (const decision of git.remote() === null ? [] : await held.all()) {
    if (git.remote()?.unreachable !== null) return;
    if (turns.isAtWork(decision.bottle)) continue;
    const outcome = await resume(decision);
    if (outcome.ok || outcome.refusal.kind === 'remote') continue;
    const { id, bottle, at, request } = decision;
    const now = await held.find(id);
    // Another decision took its place meanwhile.
    if (now !== null && now.at !== at) continue;
    await holder.release(decision);
    const isAnswered = ((await store.read(id))?.response ?? null) !== null;
    // An approval that was committed and could not be put in force is told by its revert.
    if (isAnswered || outcome.refusal.kind === 'apply-failed') continue;
    await journal.record({
      severity: 'warning',
      bottle,
      reason: 'DecisionNotMade',
      message: `what ${sanitizeLine(request.operator, 60)} decided about proposal ${id} while the remote was away was not committed: ${outcome.refusal.message}`,
      revision: null,
    });
  }
}
