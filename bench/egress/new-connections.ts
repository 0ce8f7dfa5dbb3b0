import { type Figure, figure, figureOfAtLeast } from '../benchmark.ts';
import { inTurns, median } from '../statistics.ts';
import { counted, plainLoad, type Race } from './race.ts';

const ROUNDS = 3;
const SECONDS = 3;
/** Threads of the load generator wait for their tunnels, so more would measure the machine. */
const CONNECTIONS = 8;

/** A tunnel, two handshakes of TLS and one request each; the certificate of the host is there already. */
export async function newConnections(race: Race): Promise<readonly Figure[]> {
  const rounds = await inTurns(
    ROUNDS,
    Object.fromEntries(
      race.contenders.map((contender) => [
        contender.name,
        async () => {
          const load = { ...plainLoad(race, contender, SECONDS), isClosing: true };
          const { requests, seconds } = await counted(race, contender, {
            ...load,
            connections: CONNECTIONS,
          });
          race.progress(`${contender.name}: ${Math.round(requests / seconds)} connections/s`);
          return requests / seconds;
        },
      ]),
    ),
  );
  const rateOf = (name: string): number => median(rounds[name] ?? []);
  const [own, squid, mitmproxy] = ['egress', 'squid', 'mitmproxy'].map(rateOf);
  return [
    ...race.contenders.map(({ name }) => figure(`${name} connections/s`, rateOf(name), '')),
    figureOfAtLeast('connections/s over squid', Number(own) / Number(squid), '×', 4),
    figureOfAtLeast('connections/s over mitmproxy', Number(own) / Number(mitmproxy), '×', 6),
  ];
}
