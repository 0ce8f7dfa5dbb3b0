import { setTimeout as delay } from 'node:timers/promises';
import type { ControllerApi } from '../src/controller/api.ts';
import { openController } from '../src/controller/open.ts';
import { type Benchmark, type Figure, figure } from './benchmark.ts';
import { type BenchFleet, openFleet } from './fleet.ts';
import { ARCHIVED, fillArchive, fillQueue, PENDING } from './full-queue.ts';
import { epochMs, startProposing } from './proposing-agent.ts';
import { median, quantile } from './statistics.ts';

const PROPOSALS = 40;
/** An operator reads before deciding; the controller is at rest by then. */
const READING_MS = 300;
const AGENT = 'worker-1';
const ANOTHER = 'worker-2';

/** The whole way of a proposal, with nothing else around and with long queues; bottles need no engine here. */
export const supervise: Benchmark = {
  name: 'supervise',
  about: `proposal to watcher, approve to answer: ${PROPOSALS}, then beside ${ARCHIVED} archived and ${PENDING} pending`,
  run: async (bench) => {
    const fleet = await openFleet(bench, { backend: 'embedded', bottles: 2 });
    bench.progress('bringing up two bottles');
    await fleet.startController();
    await fleet.bb('reconcile');
    bench.defer(() => takeDown(fleet));
    const opened = await openController(fleet.options);
    if (!opened.ok) throw new Error(opened.refusal.message);
    await using api = opened.value;
    const decide = async (prefix: string): Promise<Decided> => {
      const agent = startProposing(bench, fleet, { bottle: AGENT, prefix, count: PROPOSALS });
      return decideAll(api, agent);
    };
    bench.progress(`${PROPOSALS} proposals`);
    const alone = await decide('a');
    bench.progress(`${ARCHIVED} archived and ${PENDING} pending proposals`);
    await fillArchive(fleet, AGENT);
    await fillQueue(fleet, ANOTHER);
    const crowded = await decide('b');
    return {
      figures: [...figuresOf(alone, ''), ...figuresOf(crowded, ' beside many')],
      notes: [
        'decided over the controller’s socket, as the viewer does; one clock for all of them',
      ],
    };
  },
};

/** Of each proposal, in milliseconds. */
interface Decided {
  readonly visible: readonly number[];
  readonly answered: readonly number[];
}

function figuresOf({ visible, answered }: Decided, when: string): readonly Figure[] {
  return [
    figure(`proposal visible to a watcher p95${when}`, quantile(visible, 0.95), 'ms', 200),
    figure(`approve to agent answered p50${when}`, median(answered), 'ms', 150),
    figure(`approve to agent answered p99${when}`, quantile(answered, 0.99), 'ms', 500),
  ];
}

async function decideAll(
  api: ControllerApi,
  agent: ReturnType<typeof startProposing>,
): Promise<Decided> {
  const [visible, answered]: [number[], number[]] = [[], []];
  const watching = new AbortController();
  let arrived = Promise.withResolvers<number>();
  let wasEmpty = true;
  const watched = api.watchStatus(({ bottles }) => {
    const isEmpty = bottles.every((each) => each.name !== AGENT || each.pendingProposals === 0);
    if (wasEmpty && !isEmpty) arrived.resolve(epochMs());
    wasEmpty = isEmpty;
  }, watching.signal);
  try {
    for (let index = 0; index < PROPOSALS; index += 1) {
      const visibleMs = await arrived.promise;
      const id = await pendingId(api);
      await delay(READING_MS);
      const startMs = epochMs();
      const decision = await api.approve({ id, operator: 'operator' }, () => undefined);
      if (!decision.ok) throw new Error(decision.refusal.message);
      const { calledMs, returnedMs } = await agent.next();
      visible.push(visibleMs - calledMs);
      answered.push(returnedMs - startMs);
      arrived = Promise.withResolvers();
    }
  } finally {
    watching.abort();
    await watched.catch(() => undefined);
  }
  return { visible, answered };
}

async function pendingId(api: ControllerApi): Promise<string> {
  const answer = await api.proposals({});
  const own = answer.ok
    ? answer.value.find(({ proposal }) => proposal.bottle === AGENT)
    : undefined;
  if (own === undefined) throw new Error('a proposal that is counted is not listed');
  return own.proposal.id;
}

async function takeDown(fleet: BenchFleet): Promise<void> {
  await fleet.commit({ 'agents/worker.yaml': 'provider: { command: [bash] }\ninstances: 0\n' });
  await fleet.bb('reconcile', '--allow-mass-delete');
}
