import { setTimeout as delay } from 'node:timers/promises';
import type { ControllerApi, ProposalView } from '../src/controller/api.ts';
import { openController } from '../src/controller/open.ts';
import { eventually } from '../test/eventually.ts';
import { type Benchmark, figure } from './benchmark.ts';
import { epochMs, startProposing } from './proposing-agent.ts';
import { median, quantile } from './statistics.ts';
import { openServedFleet } from './upstream.ts';

const PROPOSALS = 40;
/** An operator reads before deciding; the controller is at rest by then. */
const READING_MS = 300;

/** From the operator's key to the return of the tool call that the agent waits in. */
export const approve: Benchmark = {
  name: 'approve',
  about: `approve to the agent's tool call returning, ${PROPOSALS} proposals`,
  run: async (bench) => {
    const { fleet } = await openServedFleet(bench);
    bench.progress('bringing up a bottle');
    await fleet.startController();
    await fleet.bb('reconcile');
    const opened = await openController(fleet.options);
    if (!opened.ok) throw new Error(opened.refusal.message);
    await using api = opened.value;
    const agent = startProposing(bench, fleet, {
      bottle: 'worker-1',
      prefix: 'n',
      count: PROPOSALS,
    });
    bench.progress(`${PROPOSALS} proposals`);
    const answeredMs: number[] = [];
    const returnedMs: number[] = [];
    for (let index = 0; index < PROPOSALS; index += 1) {
      const { proposal } = await eventually('a proposal arrives', () => firstPending(api));
      await delay(READING_MS);
      const startMs = epochMs();
      const decision = await api.approve(
        { id: proposal.id, operator: 'operator' },
        () => undefined,
      );
      if (!decision.ok) throw new Error(decision.refusal.message);
      answeredMs.push(epochMs() - startMs);
      returnedMs.push((await agent.next()).returnedMs - startMs);
    }
    return {
      figures: [
        figure('approve to tool call returned p50', median(returnedMs), 'ms', 150),
        figure('approve to tool call returned p99', quantile(returnedMs, 0.99), 'ms'),
        figure('approve to operator answered p50', median(answeredMs), 'ms'),
      ],
      notes: [
        'asked over the controller’s socket, as the viewer does; the agent reads the same clock',
      ],
    };
  },
};

async function firstPending(api: ControllerApi): Promise<ProposalView | undefined> {
  const answer = await api.proposals({});
  return answer.ok ? answer.value[0] : undefined;
}
