import { dirname, join } from 'node:path';
import type { Bench } from './bench.ts';
import { type Benchmark, type Figure, figure } from './benchmark.ts';
import type { Contender, Surroundings } from './egress/contender.ts';
import { startMeasuredUpstream } from './egress/measured-upstream.ts';
import { startOwnProxy } from './egress/own-proxy.ts';
import { startMitmproxy, startSquid } from './egress/rival-proxies.ts';
import { type Load, prepareWrk } from './egress/wrk.ts';
import { cpuMs } from './process-usage.ts';
import { inTurns, median } from './statistics.ts';

const ROUNDS = 5;
const SECONDS = 3;
const CONNECTIONS = 32;

/** The way out against a direct one and against other proxies that end TLS. */
export const egress: Benchmark = {
  name: 'egress',
  about: `egress, squid and mitmproxy, each with TLS ended: ${CONNECTIONS} connections, 1 KiB`,
  run: async (bench) => {
    const upstream = await startMeasuredUpstream(bench.folder, (end) => bench.defer(end));
    const ports = [upstream.fastPort, upstream.bulkPort];
    const around: Surroundings = {
      folder: bench.folder,
      ports,
      upstreamPem: upstream.certPem,
      defer: (cleanup) => bench.defer(cleanup),
    };
    const wrk = await prepareWrk(bench.folder);
    const own = await startOwnProxy(around, await builtEgress(bench));
    await own.enforce({ routes: 10, dlp: null });
    const direct: Contender = {
      name: 'direct',
      proxyPort: null,
      pid: null,
      caPem: upstream.certPem,
    };
    const contenders = [direct, own, await startSquid(around), await startMitmproxy(around)];
    const requests: Load = {
      path: '/',
      port: upstream.fastPort,
      proxyPort: null,
      connections: CONNECTIONS,
      seconds: SECONDS,
      isClosing: false,
      bodyBytes: 0,
    };
    const figures: Figure[] = [];
    const cpuUs = new Map<string, number[]>();
    const rates = await inTurns(
      ROUNDS,
      Object.fromEntries(
        contenders.map(({ name, proxyPort, pid }) => [
          name,
          async () => {
            const before = pid === null ? 0 : await cpuMs(pid);
            const counted = await wrk.run({ ...requests, proxyPort });
            if (counted.requests === 0) throw new Error(`${name}: the machine is too busy`);
            if (counted.failed > 0) throw new Error(`${name} failed ${counted.failed} requests`);
            const usedMs = pid === null ? 0 : (await cpuMs(pid)) - before;
            const samples = cpuUs.get(name) ?? [];
            cpuUs.set(name, [...samples, (usedMs * 1000) / counted.requests]);
            const rate = counted.requests / counted.seconds;
            bench.progress(`${name}: ${Math.round(rate)} requests/s`);
            return rate;
          },
        ]),
      ),
    );
    const rateOf = (name: string): number => median(rates[name] ?? []);
    for (const { name } of contenders) figures.push(figure(`${name} requests/s`, rateOf(name), ''));
    for (const [name, samples] of cpuUs) {
      if (name !== 'direct')
        figures.push(figure(`${name} processor a request`, median(samples), 'µs'));
    }
    figures.push(figure('requests/s over squid', rateOf('egress') / rateOf('squid'), '×'));
    figures.push(figure('requests/s over mitmproxy', rateOf('egress') / rateOf('mitmproxy'), '×'));
    return { figures, notes: [`medians of ${ROUNDS} rounds of ${SECONDS} s, in turns`] };
  },
};

async function builtEgress(bench: Bench): Promise<string> {
  return join(dirname(await bench.program()), '../dist/sidecars/egress.js');
}
