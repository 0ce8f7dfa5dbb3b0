import { createFleetStore } from './adapters/fleet-store.ts';
import { stateDirectory } from './adapters/state-directory.ts';
import { systemClock } from './adapters/system-clock.ts';
import type { Answer, ControllerOptions } from './api.ts';
import { explainRequest, type WhyQuestion } from './audit/explain-request.ts';
import type { Explanation } from './audit/explanation.ts';
import { reportedSidecars } from './audit/reported-sidecars.ts';
import { waitingProposals } from './audit/waiting-proposals.ts';
import { openHistory } from './open-history.ts';
import { fleetNameIn } from './open-source.ts';

export type { Explanation } from './audit/explanation.ts';

/** `bb why`: reads git and what the sidecars report; asks no controller and no engine. */
export async function explain(
  options: ControllerOptions,
  question: WhyQuestion,
): Promise<Answer<Explanation>> {
  const opened = await openHistory(options);
  if (!opened.ok) return opened;
  const { git, tip, host } = opened.value;
  const fleet = fleetNameIn(git, await git.readTree(tip));
  if (!fleet.ok) return fleet;
  const directory = stateDirectory(options.environment, fleet.value);
  return explainRequest(question, tip, {
    git,
    policy: host.policy,
    clock: systemClock,
    files: await reportedSidecars(options, fleet.value),
    store: createFleetStore(directory),
    waiting: (bottle, name) => waitingProposals(directory, bottle, name),
  });
}
