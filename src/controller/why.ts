import { createFleetStore } from './adapters/fleet-store.ts';
import { systemClock } from './adapters/system-clock.ts';
import type { Answer, ControllerOptions } from './api.ts';
import { explainRequest, type WhyQuestion } from './audit/explain-request.ts';
import type { Explanation } from './audit/explanation.ts';
import { reportedSidecars } from './audit/reported-sidecars.ts';
import { waitingProposals } from './audit/waiting-proposals.ts';
import { openFleetHistory } from './open-history.ts';

export type { Explanation } from './audit/explanation.ts';

/** `bb why`: reads git and what the sidecars report; asks no controller and no engine. */
export async function explain(
  options: ControllerOptions,
  question: WhyQuestion,
): Promise<Answer<Explanation>> {
  const opened = await openFleetHistory(options);
  if (!opened.ok) return opened;
  const { git, tip, host, fleet, directory } = opened.value;
  return explainRequest(question, tip, {
    git,
    policy: host.policy,
    clock: systemClock,
    files: await reportedSidecars(options, fleet),
    store: createFleetStore(directory),
    onInvalid: host.config.onInvalid,
    waiting: (bottle, name) => waitingProposals(directory, bottle, name),
  });
}
