import type { RequestListener } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { startStandIn } from '../../scripts/quickstart/stand-in.ts';
import { type FleetUnderTest, fleetUnderTest } from '../scenario/fleet-under-test.ts';
import type { AttackedPlace } from './attacked-place.ts';

export const API = 'api.example.test:8443';
/** Its route has no credential, takes GET alone, and wants a header. */
export const SECOND = 'second.example.test:8444';
/** Takes anything but secrets. */
export const GUARDED = 'guarded.example.test:8445';
/** What must be found nowhere but in requests to `API`. */
export const SECRET = 's3cr3t-hunter2-of-the-escape-suite';

export const MOST_PENDING = 3;

/** A request as an upstream got it. */
interface Arrived {
  readonly host: string;
  readonly line: string;
  readonly headers: readonly string[];
  readonly trailers: readonly string[];
  readonly body: string;
}

/** Careless services of this machine. */
interface Machine {
  /** Addresses, loopback last, and the port on which each answers. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** How often one of them was reached. */
  visits(): number;
  /** Name of a socket that is in no file system. */
  readonly abstract: string;
}

/** Two bottles, `dev` and `other`, two local upstreams, and services on every address of this machine. */
export interface AttackedFleet extends AsyncDisposable {
  readonly fleet: FleetUnderTest;
  readonly arrived: readonly Arrived[];
  readonly machine: Machine;
  /** Addresses of the sidecars on the network that leads out, where there is one. */
  readonly outside: { readonly dev: string | null; readonly other: string | null };
  readonly place: AttackedPlace;
  /** Routes file `api` with these paths of `API`. */
  routes(paths: string): string;
}

export async function attackedFleet(place: AttackedPlace): Promise<AttackedFleet> {
  await using cleanups = new AsyncDisposableStack();
  const arrived: Arrived[] = [];
  const servers = [];
  for (const authority of [API, SECOND, GUARDED]) {
    const [name = '', port] = authority.split(':');
    const listener = recorder(name, arrived);
    const standIn = await startStandIn(name, place.address, Number(port), listener);
    cleanups.use(standIn);
    servers.push({ name, caPem: standIn.caPem });
  }
  const caPem = servers.map((server) => server.caPem).join('');
  const upstream = { ...NO_UPSTREAM, address: place.address, caPem };
  const fleet = cleanups.use(
    await fleetUnderTest({
      isEmbedded: place.engine === null,
      engine: place.engine === null ? null : { ...place.engine, upstream, hostConfig: '' },
      texts: { instances: '[{name: dev}, {name: other}]' },
    }),
  );
  const hosts = servers.map(({ name }) => `    ${name}: ["${place.address}"]`);
  await fleet.configure('config.yaml', hostConfig(place, hosts));
  await fleet.configure('upstream.pem', caPem);
  await fleet.configure('token', `${SECRET}\n`);
  await fleet.configure('secrets.yaml', 'api: {from: {file: token}, hosts: [api.example.test]}\n');
  const routes = (paths: string): string => routesFile(place.address, paths);
  await fleet.repository.commit({
    'desired-state/fleet.yaml': `name: ${fleet.name}\ndefaults: {bottle: base}\nsupervise: {waitSeconds: 30, maxPendingPerBottle: ${MOST_PENDING}}\n`,
    'desired-state/routes/api.yaml': routes('/public/'),
  });
  await fleet.controller();
  await fleet.done('reconcile');
  const machine = await listenEverywhere();
  cleanups.defer(machine.close);
  const kept = cleanups.move();
  return {
    ...{ fleet, place, arrived, machine, routes },
    outside: {
      dev: await place.outsideOf(fleet, 'dev'),
      other: await place.outsideOf(fleet, 'other'),
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function hostConfig({ engine }: AttackedPlace, hosts: readonly string[]): string {
  return [
    ...(engine === null
      ? []
      : [`images: {base: "${engine.base}"}`, `docker: {host: "${engine.endpoint}"}`]),
    'upstream:',
    '  hosts:',
    ...hosts,
    '  caFiles: [upstream.pem]',
    '',
  ].join('\n');
}

/** The fleet's own upstream is not used: this suite looks at what arrives more closely. */
const NO_UPSTREAM = {
  received: [],
  tell: () => 0,
  end: () => 0,
  [Symbol.asyncDispose]: async () => undefined,
};

function routesFile(address: string, paths: string): string {
  return [
    'routes:',
    '  - host: api.example.test',
    '    ports: [8443]',
    `    addresses: [${address}/32]`,
    `    paths: [${paths}]`,
    '    auth: {scheme: Bearer, secret: api}',
    '    git: {fetch: true}',
    '  - host: second.example.test',
    '    ports: [8444]',
    `    addresses: [${address}/32]`,
    '    matches: [{methods: [GET], headers: [{name: x-team, exact: blue}]}]',
    '  - host: guarded.example.test',
    '    ports: [8445]',
    `    addresses: [${address}/32]`,
    '    dlp: {outbound: [known_secrets, token_patterns]}',
    '',
  ].join('\n');
}

function recorder(host: string, arrived: Arrived[]): RequestListener {
  return (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method, url, rawHeaders, rawTrailers } = request;
      const line = `${method} ${url}`;
      arrived.push({ host, line, headers: rawHeaders, trailers: rawTrailers, body });
      if (url?.startsWith('/public/away')) response.setHeader('location', `https://${SECOND}/x`);
      response.statusCode = url?.startsWith('/public/away') ? 302 : 200;
      response.end(`${host} got ${line}\n`);
    });
  };
}

/** TCP on all addresses, IPv6 too, and a socket by name alone. */
async function listenEverywhere(): Promise<Machine & { close(): void }> {
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
  const addresses = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address)
    .sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
  const close = () => {
    tcp.close();
    unix.close();
  };
  const reachable = [...addresses, '127.0.0.1', '::1'];
  return { addresses: reachable, port, abstract, visits: () => visits, close };
}
