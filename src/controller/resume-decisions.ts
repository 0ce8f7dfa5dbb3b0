import { sanitizeLine } from '../model/sanitize.ts';
import type { Answer, Decision, Refusal } from './api.ts';
import type { DecisionHolder, HolderPorts } from './decision-holder.ts';
import type { DecisionTurns } from './decision-turns.ts';
import type { HeldDecision } from './ports/held-decisions.ts';

/**
 * Takes up the decisions that are written down and not known to be in the remote, in the order in which they were made
 * and together, so that they are pushed at once. One that no longer fits what its operator agreed to is let go and
 * told; its proposal waits again.
 */
export async function resumeDecisions(
  ports: HolderPorts,
  holder: DecisionHolder,
  turns: Pick<DecisionTurns, 'isAtWork'>,
  resume: (held: HeldDecision) => Promise<Answer<Decision>>,
): Promise<void> {
  const remote = ports.git.remote();
  if (remote === null || remote.unreachable !== null) return;
  const waiting = (await ports.held.all()).filter(({ bottle }) => !turns.isAtWork(bottle));
  const taken = await Promise.all(
    waiting.map(async (decision) => ({ decision, outcome: await resume(decision) })),
  );
  for (const { decision, outcome } of taken) {
    if (outcome.ok || outcome.refusal.kind === 'remote') continue;
    await letGo(decision, outcome.refusal, ports, holder);
  }
}

async function letGo(
  decision: HeldDecision,
  refusal: Refusal,
  { held, store, journal }: HolderPorts,
  holder: DecisionHolder,
): Promise<void> {
  const { id, bottle, at, request } = decision;
  const now = await held.find(id);
  // Another decision took its place meanwhile.
  if (now !== null && now.at !== at) return;
  await holder.release(decision);
  const isAnswered = ((await store.read(id))?.response ?? null) !== null;
  // An approval that was committed and could not be put in force is told by its revert.
  if (isAnswered || refusal.kind === 'apply-failed') return;
  await journal.record({
    severity: 'warning',
    bottle,
    reason: 'DecisionNotMade',
    message: `what ${sanitizeLine(request.operator, 60)} decided about proposal ${id} while the remote was away was not committed: ${refusal.message}`,
    revision: null,
  });
}
