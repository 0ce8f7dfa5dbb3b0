import { type Figure, figure, figureOfAtLeast } from '../benchmark.ts';
import { plainLoad, type Race } from './race.ts';
import { ratesInTurns } from './rates.ts';
import type { Load } from './wrk.ts';

const ROUNDS = 3;
const SECONDS = 3;
const CONNECTIONS = 4;
const MEBIBYTES = 8;

/** Large answers and large bodies, in MB of 2^20 bytes a second. */
export async function throughput(race: Race): Promise<readonly Figure[]> {
  const bytes = MEBIBYTES * 2 ** 20;
  return [
    ...(await measure(race, 'download', { path: `/${bytes}`, bodyBytes: 0 })),
    ...(await measure(race, 'upload', { path: '/', bodyBytes: bytes })),
  ];
}

async function measure(
  race: Race,
  way: string,
  asked: Pick<Load, 'path' | 'bodyBytes'>,
): Promise<readonly Figure[]> {
  const rates = await ratesInTurns(race, `${way}s of ${MEBIBYTES} MB`, ROUNDS, (each) => ({
    ...plainLoad(race, each, SECONDS),
    ...asked,
    port: race.upstream.bulkPort,
    connections: CONNECTIONS,
  }));
  return [
    ...race.contenders.map(({ name }) =>
      figure(`${name} ${way} a second`, rates.of(name) * MEBIBYTES, 'MB'),
    ),
    figureOfAtLeast(`${way} over squid`, rates.over('egress', 'squid'), '×', 1),
  ];
}
