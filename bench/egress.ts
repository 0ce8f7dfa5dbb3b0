import { dirname, join } from 'node:path';
import type { Bench } from './bench.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import type { Contender, Surroundings } from './egress/contender.ts';
import { addedLatency } from './egress/latency.ts';
import { startMeasuredUpstream } from './egress/measured-upstream.ts';
import { memoryUnderLoad } from './egress/memory.ts';
import { newConnections } from './egress/new-connections.ts';
import { startOwnProxy } from './egress/own-proxy.ts';
import type { Race } from './egress/race.ts';
import { reloadsUnderLoad } from './egress/reloads.ts';
import { requestRates } from './egress/request-rates.ts';
import { startMitmproxy, startSquid } from './egress/rival-proxies.ts';
import { tableCost } from './egress/table-cost.ts';
import { throughput } from './egress/throughput.ts';
import { prepareWrk } from './egress/wrk.ts';
import { residentMb } from './process-usage.ts';

/** The way out against a direct one and against other proxies that end TLS. */
export const egress: Benchmark = {
  name: 'egress',
  about: 'egress, squid and mitmproxy, each with TLS ended, over the same upstream in turns',
  run: async (bench) => {
    const race = await openRace(bench);
    const idleMb = await Promise.all(
      race.contenders.map(async ({ pid }) => (pid === null ? null : residentMb(pid))),
    );
    const figures: Figure[] = [];
    for (const measure of [
      requestRates,
      addedLatency,
      newConnections,
      throughput,
      tableCost,
      reloadsUnderLoad,
    ]) {
      figures.push(...(await measure(race)));
    }
    figures.push(...(await memoryUnderLoad(race, idleMb)));
    return { figures, notes: ['medians of rounds in turns; compare ratios, not rates'] };
  },
};

async function openRace(bench: Bench): Promise<Race> {
  const upstream = await startMeasuredUpstream(bench.folder, (end) => bench.defer(end));
  const around: Surroundings = {
    folder: bench.folder,
    ports: [upstream.fastPort, upstream.bulkPort],
    upstreamPem: upstream.certPem,
    defer: (cleanup) => bench.defer(cleanup),
  };
  const wrk = await prepareWrk(bench.folder);
  const own = await startOwnProxy(around, await builtEgress(bench));
  await own.enforce({ routes: 10, dlp: null });
  const direct: Contender = { name: 'direct', proxyPort: null, pid: null, caPem: upstream.certPem };
  const contenders = [direct, own, await startSquid(around), await startMitmproxy(around)];
  return { contenders, own, upstream, wrk, progress: bench.progress };
}

async function builtEgress(bench: Bench): Promise<string> {
  return join(dirname(await bench.program()), '../dist/sidecars/egress.js');
}
