import { type Figure, figure, figureOfAtLeast } from '../benchmark.ts';
import { inTurns, median } from '../statistics.ts';
import type { Contender } from './contender.ts';
import { counted, plainLoad, type Race } from './race.ts';
import type { Load } from './wrk.ts';

const ROUNDS = 3;
const SECONDS = 3;
const CONNECTIONS = 4;
const MEBIBYTES = 8;

/** Large answers and large bodies, in MB of 2^20 bytes a second. */
export async function throughput(race: Race): Promise<readonly Figure[]> {
  const bulk = (contender: Contender): Load => ({
    ...plainLoad(race, contender, SECONDS),
    port: race.upstream.bulkPort,
    connections: CONNECTIONS,
  });
  return [
    ...(await measure(race, 'download', (contender) => ({
      ...bulk(contender),
      path: `/${MEBIBYTES * 2 ** 20}`,
    }))),
    ...(await measure(race, 'upload', (contender) => ({
      ...bulk(contender),
      bodyBytes: MEBIBYTES * 2 ** 20,
    }))),
  ];
}

async function measure(
  race: Race,
  way: string,
  loadOf: (contender: Contender) => Load,
): Promise<readonly Figure[]> {
  const rounds = await inTurns(
    ROUNDS,
    Object.fromEntries(
      race.contenders.map((contender) => [
        contender.name,
        async () => {
          const { requests, seconds } = await counted(race, contender, loadOf(contender));
          race.progress(
            `${contender.name}: ${way} ${Math.round((requests * MEBIBYTES) / seconds)} MB/s`,
          );
          return (requests * MEBIBYTES) / seconds;
        },
      ]),
    ),
  );
  const rateOf = (name: string): number => median(rounds[name] ?? []);
  return [
    ...race.contenders.map(({ name }) => figure(`${name} ${way} a second`, rateOf(name), 'MB')),
    figureOfAtLeast(`${way} over squid`, rateOf('egress') / rateOf('squid'), '×', 1),
  ];
}
