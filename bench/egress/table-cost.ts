import type { RouteDlp } from '../../src/model/egress-route.ts';
import { type Figure, figure, figureOfAtLeast } from '../benchmark.ts';
import { inTurns, median } from '../statistics.ts';
import { counted, plainLoad, type Race } from './race.ts';

const ROUNDS = 3;
const SECONDS = 2;
const ALL: RouteDlp = {
  outbound: ['token_patterns', 'known_secrets', 'entropy'],
  onMatch: 'block',
};

/** What 1, 100 and 1,000 routes cost, and looking for secrets in what goes out. */
export async function tableCost(race: Race): Promise<readonly Figure[]> {
  const { own, contenders, wrk } = race;
  const under = (routes: number, dlp: RouteDlp | null) => async () => {
    await own.enforce({ routes, dlp });
    const { requests, seconds } = await counted(race, own, plainLoad(race, own, SECONDS));
    return requests / seconds;
  };
  const mitmproxy = contenders.find(({ name }) => name === 'mitmproxy');
  const rounds = await inTurns(ROUNDS, {
    '1 route': under(1, null),
    '100 routes': under(100, null),
    '1,000 routes': under(1000, null),
    'DLP on': under(10, ALL),
    'DLP off': under(10, null),
    mitmproxy: async () => {
      if (mitmproxy === undefined) return Number.NaN;
      const { requests, seconds } = await wrk.run(plainLoad(race, mitmproxy, SECONDS));
      return requests / seconds;
    },
  });
  const rateOf = (name: keyof typeof rounds): number => median(rounds[name]);
  return [
    ...(['1 route', '100 routes', '1,000 routes', 'DLP off', 'DLP on'] as const).map((name) =>
      figure(`egress requests/s with ${name}`, rateOf(name), ''),
    ),
    figure('1,000 routes over 1', rateOf('1,000 routes') / rateOf('1 route'), '×'),
    figure('DLP on over off', rateOf('DLP on') / rateOf('DLP off'), '×'),
    figureOfAtLeast('DLP on over mitmproxy', rateOf('DLP on') / rateOf('mitmproxy'), '×', 10),
  ];
}
