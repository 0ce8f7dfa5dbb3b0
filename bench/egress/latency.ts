import { join } from 'node:path';
import { execa } from 'execa';
import { type Figure, figure } from '../benchmark.ts';
import { inTurns, median } from '../statistics.ts';
import type { Contender } from './contender.ts';
import type { Race } from './race.ts';

const ROUNDS = 3;
const SECONDS = 5;
const REQUESTS_A_SECOND = 200;

interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What a way adds to a request of the direct one, at a rate that none of them is busy with. */
export async function addedLatency(race: Race): Promise<readonly Figure[]> {
  const p99 = new Map<string, number[]>();
  const rounds = await inTurns(
    ROUNDS,
    Object.fromEntries(
      race.contenders.map((contender) => [
        contender.name,
        async () => {
          const { p50Ms, p99Ms } = await measured(race, contender);
          p99.set(contender.name, [...(p99.get(contender.name) ?? []), p99Ms]);
          race.progress(`${contender.name}: ${p50Ms.toFixed(2)} ms p50, ${p99Ms.toFixed(2)} p99`);
          return p50Ms;
        },
      ]),
    ),
  );
  const p50Of = (name: string): number => median(rounds[name] ?? []);
  const p99Of = (name: string): number => median(p99.get(name) ?? []);
  const added = (of: (name: string) => number, name: string): number => of(name) - of('direct');
  const [squidP50, squidP99] = [added(p50Of, 'squid'), added(p99Of, 'squid')];
  return [
    figure('direct p50', p50Of('direct'), 'ms'),
    figure('direct p99', p99Of('direct'), 'ms'),
    figure('egress adds p50', added(p50Of, 'egress'), 'ms', Math.min(0.3, squidP50)),
    figure('egress adds p99', added(p99Of, 'egress'), 'ms', Math.min(2, squidP99)),
    figure('squid adds p50', squidP50, 'ms'),
    figure('squid adds p99', squidP99, 'ms'),
    figure('mitmproxy adds p50', added(p50Of, 'mitmproxy'), 'ms'),
    figure('mitmproxy adds p99', added(p99Of, 'mitmproxy'), 'ms'),
  ];
}

/** By a process of its own, so that nothing here is in its way. */
async function measured({ upstream }: Race, { proxyPort }: Contender): Promise<Latencies> {
  const { stdout } = await execa(process.execPath, [
    join(import.meta.dirname, 'latency-program.ts'),
    ...[upstream.fastPort, proxyPort ?? 0, REQUESTS_A_SECOND, SECONDS].map(String),
  ]);
  return JSON.parse(stdout);
}
