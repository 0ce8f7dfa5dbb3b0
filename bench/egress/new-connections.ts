import { type Figure, figure, figureOfAtLeast } from '../benchmark.ts';
import { plainLoad, type Race, rivalsAndOwn } from './race.ts';
import { ratesInTurns } from './rates.ts';

const ROUNDS = 3;
const SECONDS = 3;
/** Threads of the load generator wait for their tunnels, so more would measure the machine. */
const CONNECTIONS = 8;

/** A tunnel, a whole handshake of TLS and one request each; the certificate of the host is there already. */
export async function newConnections(race: Race): Promise<readonly Figure[]> {
  const rates = await ratesInTurns(race, 'connections', ROUNDS, (each) => ({
    ...plainLoad(race, each, SECONDS),
    connections: CONNECTIONS,
    isClosing: true,
  }));
  return [
    ...race.contenders.map(({ name }) => figure(`${name} connections/s`, rates.of(name), '')),
    ...rivalsAndOwn(race).map(({ name }) =>
      figure(`${name} processor a connection`, rates.cpuUsOf(name), 'µs'),
    ),
    figureOfAtLeast('connections/s over squid', rates.over('egress', 'squid'), '×', 4),
    figureOfAtLeast('connections/s over mitmproxy', rates.over('egress', 'mitmproxy'), '×', 6),
  ];
}
