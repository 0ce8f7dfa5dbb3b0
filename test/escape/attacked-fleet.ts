import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { makeStandInNetwork } from '../../scripts/quickstart/network.ts';
import { startStandIn } from '../../scripts/quickstart/stand-in.ts';
import type { DockerUnderTest } from '../engines/docker-under-test.ts';
import { type FleetUnderTest, fleetUnderTest } from '../scenario/fleet-under-test.ts';

export const API = 'api.example.test:8443';
/** Its route has no credential, takes GET alone, and wants a header. */
export const SECOND = 'second.example.test:8444';
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

/** Two bottles, `dev` and `other`, two local upstreams, and services on every address of this machine. */
export interface AttackedFleet extends AsyncDisposable {
  readonly fleet: FleetUnderTest;
  readonly arrived: readonly Arrived[];
  /** Addresses of this machine, and the port on which each answers. */
  readonly machine: { readonly addresses: readonly string[]; readonly port: number };
  /** Addresses of the sidecars on the network that leads out. */
  readonly outside: { readonly dev: string; readonly other: string };
  /** Routes file `api` with these paths of `API`. */
  routes(paths: string): string;
}

type Engine = Extract<DockerUnderTest, { readonly kind: 'docker' }>;

export async function attackedFleet(engine: Engine): Promise<AttackedFleet> {
  const cleanups: (() => PromiseLike<unknown>)[] = [];
  const network = await makeStandInNetwork(engine.docker, 'bb-escape');
  cleanups.push(() => network.remove());
  const arrived: Arrived[] = [];
  const servers = [];
  for (const authority of [API, SECOND]) {
    const [name = '', port] = authority.split(':');
    const listener = recorder(name, arrived);
    const standIn = await startStandIn(name, network.address, Number(port), listener);
    cleanups.push(async () => standIn[Symbol.asyncDispose]());
    servers.push({ name, caPem: standIn.caPem });
  }
  const routes = (paths: string): string => routesFile(network.address, paths);
  const hosts = servers.map(({ name }) => `    ${name}: ["${network.address}"]`);
  const hostConfig = [
    `images: {base: "${engine.image}"}`,
    `docker: {host: "${engine.endpoint}"}`,
    'upstream:',
    '  hosts:',
    ...hosts,
    '  caFiles: [upstream.pem]',
    '',
  ].join('\n');
  const caPem = servers.map((server) => server.caPem).join('');
  const upstream = { ...NO_UPSTREAM, address: network.address, caPem };
  const { docker, endpoint, image } = engine;
  const fleet = await fleetUnderTest({
    engine: { docker, endpoint, base: image, upstream, hostConfig },
    texts: { instances: '[{name: dev}, {name: other}]' },
  });
  cleanups.push(() => fleet[Symbol.asyncDispose]());
  await fleet.configure('token', `${SECRET}\n`);
  await fleet.configure('secrets.yaml', 'api: {from: {file: token}, hosts: [api.example.test]}\n');
  await fleet.repository.commit({
    'desired-state/fleet.yaml': `name: ${fleet.name}\ndefaults: {bottle: base}\nsupervise: {waitSeconds: 30, maxPendingPerBottle: ${MOST_PENDING}}\n`,
    'desired-state/routes/api.yaml': routes('/public/'),
  });
  await fleet.controller();
  await fleet.done('reconcile');
  const machine = await listenEverywhere();
  cleanups.push(machine.close);
  const outsideOf = async (bottle: string): Promise<string> => {
    const { NetworkSettings } = await fleet.engine.container(bottle, 'sidecars').inspect();
    return NetworkSettings.Networks[`bb-${fleet.name}-${bottle}-ext`]?.IPAddress ?? '';
  };
  return {
    ...{ fleet, arrived, machine, routes },
    outside: { dev: await outsideOf('dev'), other: await outsideOf('other') },
    async [Symbol.asyncDispose]() {
      for (const cleanup of cleanups.reverse()) await cleanup();
    },
  };
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
    '  - host: second.example.test',
    '    ports: [8444]',
    `    addresses: [${address}/32]`,
    '    matches: [{methods: [GET], headers: [{name: x-team, exact: blue}]}]',
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

/** TCP on all addresses, IPv6 too, as careless services of a host listen. */
async function listenEverywhere() {
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end('reached\n');
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '::' }, resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const addresses = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address);
  return { addresses, port, close: async () => void server.close() };
}
