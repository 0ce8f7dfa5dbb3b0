import { type Figure, figure, figureOfAtLeast } from '../benchmark.ts';
import { plainLoad, type Race, rivalsAndOwn } from './race.ts';
import { ratesInTurns } from './rates.ts';

const ROUNDS = 5;
const SECONDS = 3;

/** Requests a second over kept connections, and what one costs the processor. */
export async function requestRates(race: Race): Promise<readonly Figure[]> {
  const rates = await ratesInTurns(race, 'requests', ROUNDS, (each) =>
    plainLoad(race, each, SECONDS),
  );
  return [
    ...race.contenders.map(({ name }) => figure(`${name} requests/s`, rates.of(name), '')),
    ...rivalsAndOwn(race).map(({ name }) =>
      figure(`${name} processor a request`, rates.cpuUsOf(name), 'µs'),
    ),
    figureOfAtLeast('requests/s over squid', rates.over('egress', 'squid'), '×', 1.5),
    figureOfAtLeast('requests/s over mitmproxy', rates.over('egress', 'mitmproxy'), '×', 22),
  ];
}
