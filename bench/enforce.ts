import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseBottleName } from '../src/model/names.ts';
import { bottleLayout } from '../src/model/state-layout.ts';
import { type Benchmark, figure } from './benchmark.ts';
import type { BenchFleet } from './fleet.ts';
import { runInBottle } from './in-bottle.ts';
import { median, quantile } from './statistics.ts';
import { ALLOWED_URL, openServedFleet } from './upstream.ts';

const COMMITS = 60;
/** A commit comes to a controller at rest, as an operator's does. */
const PAUSE_MS = 200;
const WITHIN_MS = 10_000;

/** From the move of the branch to the sidecar's own report of the new table, with requests under way. */
export const enforce: Benchmark = {
  name: 'enforce',
  about: `commit to new route enforced, ${COMMITS} commits under load`,
  run: async (bench) => {
    const { fleet, routes } = await openServedFleet(bench);
    bench.progress('bringing up a bottle');
    await fleet.startController();
    await fleet.bb('reconcile');
    const load = runInBottle(bench, fleet, 'worker-1', LOAD);
    await load.next();
    bench.progress(`${COMMITS} commits`);
    const samplesMs: number[] = [];
    for (let index = 0; index < COMMITS; index += 1) {
      const host = `n${index}.example.test`;
      const move = await fleet.prepare({
        'routes/api.yaml': `routes:\n  ${routes([host]).replaceAll('\n', '\n  ')}\n`,
      });
      await delay(PAUSE_MS);
      samplesMs.push(await untilEnforced(fleet, host, move));
    }
    load.tellEnd();
    const { requests, failures } = counted(await load.next());
    return {
      figures: [
        figure('commit to enforced p50', median(samplesMs), 'ms', 100),
        figure('commit to enforced p99', quantile(samplesMs, 0.99), 'ms', 300),
        figure('requests meanwhile', requests, ''),
        figure('failed requests', failures.length, '', 0),
      ],
      notes: [
        'from before `git update-ref` is started to status.json of the sidecar naming the route',
        ...failures.slice(0, 3),
      ],
    };
  },
};

/** Milliseconds from the call of `move` until egress itself reports a route to `host`. */
async function untilEnforced(
  fleet: BenchFleet,
  host: string,
  move: () => Promise<void>,
): Promise<number> {
  const bottle = parseBottleName('worker-1');
  if (bottle === undefined) throw new Error('worker-1 is no bottle name');
  const status = `${bottleLayout(fleet.stateDirectory, bottle).egressOut}/status.json`;
  const startMs = performance.now();
  const moving = move();
  for (;;) {
    const text = await readFile(status, 'utf8');
    const elapsedMs = performance.now() - startMs;
    if (text.includes(`"${host}"`)) {
      await moving;
      return elapsedMs;
    }
    if (elapsedMs > WITHIN_MS) throw new Error(`${host} is not enforced after ${WITHIN_MS} ms`);
    await delay(1);
  }
}

/** Four requests at a time with a breath between them, over connections that are kept. */
const LOAD = `
const failures = [];
let requests = 0;
let ended = false;
process.stdin.on('end', () => { ended = true; }).resume();
async function ask() {
  requests += 1;
  try {
    const response = await fetch('${ALLOWED_URL}');
    const body = await response.text();
    if (response.status !== 200) failures.push(response.status + ' ' + body.slice(0, 200));
  } catch (error) {
    failures.push(String(error.cause ?? error));
  }
}
async function work() {
  while (!ended) {
    await ask();
    await new Promise((resume) => setTimeout(resume, 50));
  }
}
await ask();
console.log(JSON.stringify({ requests, failures }));
await Promise.all([work(), work(), work(), work()]);
console.log(JSON.stringify({ requests, failures }));
`;

function counted(raw: unknown): {
  readonly requests: number;
  readonly failures: readonly string[];
} {
  return raw as { readonly requests: number; readonly failures: readonly string[] };
}
