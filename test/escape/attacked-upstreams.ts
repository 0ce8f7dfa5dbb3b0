import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import { startStandIn } from '../../scripts/quickstart/stand-in.ts';
import { takeMessages } from './message-taker.ts';

export const API = 'api.example.test:8443';
/** Its route has no credential, takes GET alone, and wants a header. */
export const SECOND = 'second.example.test:8444';
/** Takes anything but secrets, WebSockets too. */
export const GUARDED = 'guarded.example.test:8445';
/** Below `*.wild.example.test`, which has a route. */
export const WILD = { port: 8446, names: ['a.wild.example.test', 'a.b.wild.example.test'] };
/** Near that, without a route; where one of them were asked for, an upstream would answer. */
export const NEARLY_WILD = [
  'wild.example.test',
  'evilwild.example.test',
  'a.wild.example.test.evil.test',
  'a-wild.example.test',
  'a.wild.example.testing',
];
/** Has a route; where its names lead is in the hosts file of the sidecars alone. */
export const REBOUND = { port: 8447, name: (index: number) => `r${index}.rebound.example.test` };
const MOST_REBOUND = 8;

/** A request as an upstream got it. */
export interface Arrived {
  readonly host: string;
  readonly line: string;
  readonly headers: readonly string[];
  readonly trailers: readonly string[];
  readonly body: string;
}

/** Local servers of all these names. */
export interface AttackedUpstreams extends AsyncDisposable {
  readonly arrived: readonly Arrived[];
  readonly caPem: string;
  /** What egress is told to find at their address. */
  readonly names: readonly string[];
}

export async function attackedUpstreams(address: string): Promise<AttackedUpstreams> {
  await using cleanups = new AsyncDisposableStack();
  const arrived: Arrived[] = [];
  let caPem = '';
  const serve = async (names: readonly string[], port: number) => {
    const listener = recorder(names[0] ?? '', arrived);
    const standIn = cleanups.use(await startStandIn(names, address, port, listener));
    caPem += standIn.caPem;
    return standIn;
  };
  const single = [API, SECOND, GUARDED].map((authority) => authority.split(':'));
  for (const [name = '', port] of single) {
    const { server } = await serve([name], Number(port));
    if (name === GUARDED.split(':')[0]) server.on('upgrade', messageRecorder(name, arrived));
  }
  await serve([...WILD.names, ...NEARLY_WILD], WILD.port);
  const rebound = Array.from({ length: MOST_REBOUND }, (_, index) => REBOUND.name(index));
  await serve(rebound, REBOUND.port);
  const kept = cleanups.move();
  return {
    ...{ arrived, caPem },
    names: [...single.map(([name = '']) => name), ...WILD.names, ...NEARLY_WILD],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Routes file `api` with these paths of `API`. */
export function routesFile(address: string, paths: string): string {
  const route = (authority: string, ...more: readonly string[]) => {
    const [host, port] = authority.split(':');
    const addresses = `addresses: [${address}/32]`;
    return [`host: "${host}"`, `ports: [${port}]`, addresses, ...more].map(
      (line, index) => `${index === 0 ? '  - ' : '    '}${line}`,
    );
  };
  const lines = [
    route(API, `paths: [${paths}]`, 'auth: {scheme: Bearer, secret: api}', 'git: {fetch: true}'),
    route(SECOND, 'matches: [{methods: [GET], headers: [{name: x-team, exact: blue}]}]'),
    route(GUARDED, 'dlp: {outbound: [known_secrets, token_patterns]}'),
    route(`*.wild.example.test:${WILD.port}`),
    route(`*.rebound.example.test:${REBOUND.port}`),
  ];
  return ['routes:', ...lines.flat(), ''].join('\n');
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

function messageRecorder(host: string, arrived: Arrived[]) {
  return ({ method, url, rawHeaders: headers }: IncomingMessage, socket: Duplex): void => {
    const line = `${method} ${url}`;
    const note = (body: string) => arrived.push({ host, line, headers, trailers: [], body });
    takeMessages(rawHeaders(headers, 'sec-websocket-key'), socket, note);
  };
}

function rawHeaders(headers: readonly string[], wanted: string): string {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === wanted);
  return headers[at + 1] ?? '';
}
