import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Careless services of this machine. */
export interface CarelessMachine extends AsyncDisposable {
  /** Addresses, loopback last, and the port on which each answers, by TCP and UDP. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** How often one of them was reached by TCP. */
  visits(): number;
  /** What came by UDP. */
  readonly datagrams: readonly string[];
  /** Name of a socket that is in no file system. */
  readonly abstract: string;
}

/** TCP and UDP on all addresses, IPv6 too, and a socket by name alone. */
export async function carelessMachine(): Promise<CarelessMachine> {
  let visits = 0;
  const answer = (socket: Socket): void => {
    visits += 1;
    socket.on('error', () => socket.destroy());
    socket.end('reached\n');
  };
  const [tcp, unix] = [createServer(answer), createServer(answer)];
  const abstract = `bb-escape-${process.pid}`;
  await new Promise<void>((resolve) => tcp.listen({ port: 0, host: '::' }, resolve));
  await new Promise<void>((resolve) => unix.listen(`\0${abstract}`, resolve));
  const bound = tcp.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const datagrams: string[] = [];
  const udp = await Promise.all([
    listenForDatagrams(createSocket('udp4'), port, datagrams),
    listenForDatagrams(createSocket({ type: 'udp6', ipv6Only: true }), port, datagrams),
  ]);
  const addresses = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address)
    .sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
  return {
    ...{ port, abstract, datagrams, visits: () => visits },
    addresses: [...addresses, '127.0.0.1', '::1'],
    async [Symbol.asyncDispose]() {
      for (const each of [tcp, unix, ...udp]) each.close();
    },
  };
}

async function listenForDatagrams(socket: DatagramSocket, port: number, heard: string[]) {
  socket.on('message', (message, { address, port: from }) => {
    heard.push(message.toString('latin1'));
    socket.send('reached', from, address);
  });
  await new Promise<void>((resolve) => socket.bind(port, resolve));
  return socket;
}
