import { setTimeout as delay } from 'node:timers/promises';
import type { ControllerApi, ProposalView } from '../src/controller/api.ts';
import { openController } from '../src/controller/open.ts';
import { eventually } from '../test/eventually.ts';
import { type Benchmark, figure } from './benchmark.ts';
import { runInBottle } from './in-bottle.ts';
import { median, quantile } from './statistics.ts';
import { openServedFleet } from './upstream.ts';

const PROPOSALS = 40;
/** Between two proposals of the agent: a bottle may make 30 in a minute. */
const WORKING_MS = 2_100;
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
    const agent = runInBottle(bench, fleet, 'worker-1', AGENT);
    bench.progress(`${PROPOSALS} proposals`);
    const answeredMs: number[] = [];
    const returnedMs: number[] = [];
    for (let index = 0; index < PROPOSALS; index += 1) {
      const { proposal } = await eventually('a proposal arrives', () => firstPending(api));
      await delay(READING_MS);
      const startMs = now();
      const decision = await api.approve(
        { id: proposal.id, operator: 'operator' },
        () => undefined,
      );
      if (!decision.ok) throw new Error(decision.refusal.message);
      answeredMs.push(now() - startMs);
      returnedMs.push(Number(await agent.next()) - startMs);
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

/** Milliseconds since the epoch, with fractions: comparable with another process of this machine. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Proposes one route after the other over MCP and prints when each call returned. */
const AGENT = `
let id = 0;
let session;
async function rpc(method, params, isCall = true) {
  id += 1;
  const response = await fetch('http://supervise:9100/mcp', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-06-18',
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', method, params, ...(isCall ? { id } : {}) }),
  });
  session ??= response.headers.get('mcp-session-id') ?? undefined;
  return response.text();
}
const clientInfo = { name: 'bench', version: '1' };
await rpc('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
await rpc('notifications/initialized', {}, false);
for (let index = 0; index < ${PROPOSALS}; index += 1) {
  const answer = await rpc('tools/call', {
    name: 'egress-block',
    arguments: {
      host: 'n' + index + '.example.test',
      path_allowlist: ['/v1/'],
      methods: ['GET'],
      justification: 'measured',
    },
  });
  const at = performance.timeOrigin + performance.now();
  if (!/approved/i.test(answer)) throw new Error(answer);
  console.log(at);
  await new Promise((resume) => setTimeout(resume, ${WORKING_MS}));
}
`;
