import { setTimeout as delay } from 'node:timers/promises';
import type { ControllerApi } from '../src/controller/api.ts';
import type { FleetStatus } from '../src/model/status.ts';
import type { Bench } from './bench.ts';
import { type Benchmark, type Figure, figure } from './benchmark.ts';
import { type Blow, openDriftPlace, STRUCK, type Struck } from './drift-places.ts';
import { median, quantile } from './statistics.ts';

const BOTTLES = 12;
/** A controller at rest is what somebody's hand meets. */
const REST_MS = 400;
const WITHIN_MS = 20_000;

/** From a blow to a container until the controller says that its bottle is in force again. */
export const drift: Benchmark = {
  name: 'drift',
  about: `a container killed by hand until its bottle is ready again, ${BOTTLES} bottles, each backend`,
  run: async (bench) => {
    const figures: Figure[] = [];
    for (const backend of ['simulated', 'embedded', 'docker'] as const) {
      figures.push(...(await measure(bench, backend)));
    }
    return {
      figures,
      notes: ['each container is killed once: what dies again and again is restarted more rarely'],
    };
  },
};

async function measure(
  bench: Bench,
  backend: 'docker' | 'embedded' | 'simulated',
): Promise<readonly Figure[]> {
  bench.progress(`${backend}: bringing up ${BOTTLES} bottles`);
  const { api, aim } = await openDriftPlace(bench, backend, BOTTLES);
  const samples: { readonly [component in Struck]: number[] } = { agent: [], sidecars: [] };
  for (const component of STRUCK) {
    for (let index = 1; index <= BOTTLES; index += 1) {
      const bottle = `worker-${index}`;
      await delay(REST_MS);
      samples[component].push(await healedMs(api, bottle, await aim(bottle, component)));
    }
  }
  const p95 = quantile([...samples.agent, ...samples.sidecars], 0.95);
  bench.progress(`${backend}: p95 ${Math.round(p95)} ms`);
  return [
    figure(`${backend}: agent p50`, median(samples.agent), 'ms'),
    figure(`${backend}: sidecars p50`, median(samples.sidecars), 'ms'),
    figure(`${backend}: p95`, p95, 'ms', 1_000),
  ];
}

/** Milliseconds until a status says that the bottle is ready, and what was struck runs again. */
async function healedMs(
  api: ControllerApi,
  bottle: string,
  { strike, isHealed }: Blow,
): Promise<number> {
  const healed = new AbortController();
  let endMs = 0;
  const onStatus = (status: FleetStatus): void => {
    if (!isReady(status, bottle)) return;
    const nowMs = performance.now();
    void isHealed().then((isAgain) => {
      if (!isAgain || healed.signal.aborted) return;
      endMs = nowMs;
      healed.abort();
    });
  };
  const patience = AbortSignal.any([healed.signal, AbortSignal.timeout(WITHIN_MS)]);
  const watching = api.watchStatus(onStatus, patience);
  const startMs = performance.now();
  await strike();
  await watching;
  if (!healed.signal.aborted) throw new Error(`${bottle} is not healed after ${WITHIN_MS} ms`);
  return endMs - startMs;
}

function isReady({ bottles }: FleetStatus, name: string): boolean {
  const conditions = bottles.find((bottle) => bottle.name === name)?.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
