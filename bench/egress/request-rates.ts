import { type Figure, figure, figureOfAtLeast } from '../benchmark.ts';
import { cpuMs } from '../process-usage.ts';
import { inTurns, median } from '../statistics.ts';
import { counted, plainLoad, type Race } from './race.ts';

const ROUNDS = 5;
const SECONDS = 3;

/** Requests a second over kept connections, and what one costs the processor. */
export async function requestRates(race: Race): Promise<readonly Figure[]> {
  const cpuUs = new Map<string, number[]>();
  const rounds = await inTurns(
    ROUNDS,
    Object.fromEntries(
      race.contenders.map((contender) => [
        contender.name,
        async () => {
          const { name, pid } = contender;
          const before = pid === null ? 0 : await cpuMs(pid);
          const { requests, seconds } = await counted(
            race,
            contender,
            plainLoad(race, contender, SECONDS),
          );
          const usedMs = pid === null ? 0 : (await cpuMs(pid)) - before;
          cpuUs.set(name, [...(cpuUs.get(name) ?? []), (usedMs * 1000) / requests]);
          race.progress(`${name}: ${Math.round(requests / seconds)} requests/s`);
          return requests / seconds;
        },
      ]),
    ),
  );
  const rateOf = (name: string): number => median(rounds[name] ?? []);
  return [
    ...race.contenders.map(({ name }) => figure(`${name} requests/s`, rateOf(name), '')),
    ...race.contenders
      .filter(({ pid }) => pid !== null)
      .map(({ name }) =>
        figure(`${name} processor a request`, median(cpuUs.get(name) ?? []), 'µs'),
      ),
    figureOfAtLeast('requests/s over squid', rateOf('egress') / rateOf('squid'), '×', 1.5),
    figureOfAtLeast('requests/s over mitmproxy', rateOf('egress') / rateOf('mitmproxy'), '×', 22),
  ];
}
