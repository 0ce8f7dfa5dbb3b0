import { request as ask, type IncomingMessage } from 'node:http';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { selfSigned } from '../sidecars/egress/upstream.ts';
import { echoSocket } from './echo-socket.ts';
import type { Answers } from './served-packages.ts';

export const PORT = 8443;
export const SITES = {
  api: 'api.example.test',
  git: 'git.example.test',
  npm: 'npm.example.test',
  pypi: 'pypi.example.test',
  crates: 'crates.example.test',
  go: 'go.example.test',
} as const;
export type Site = keyof typeof SITES;

export const originOf = (site: Site): string => `https://${SITES[site]}:${PORT}`;

/** A request as it arrived. */
interface Arrived {
  readonly version: string;
  readonly site: string;
  readonly method: string;
  readonly path: string;
  readonly authorization: string | null;
}

/** Servers of this machine under names of the test's own, at one address. */
export interface UpstreamSite extends AsyncDisposable {
  readonly caPem: string;
  readonly arrived: readonly Arrived[];
  /** What `site` serves beside what every site does. */
  serve(site: Site, answers: Answers): void;
  /** Where requests for `git.example.test` are sent on to: plain HTTP of this machine. */
  gitAt: string | null;
  /** Sends an event to everyone who holds `/open/events`, and gives how many there are. */
  tell(event: string): number;
  /** Ends those streams. */
  end(): void;
}

/**
 * Speaks HTTP/2 and, as upgrades need it, HTTP/1.1. Greets below `/open/` and everywhere else; which of it a bottle may
 * have is a matter of its routes.
 */
export async function upstreamSite(address: string): Promise<UpstreamSite> {
  const names = Object.values(SITES);
  const { key, cert } = selfSigned(names);
  const arrived: Arrived[] = [];
  const answers = new Map<string, string | Buffer>();
  const listeners = new Set<Http2ServerResponse>();
  const note = (request: Http2ServerRequest | IncomingMessage): string => {
    const { headers, method = '', url: path = '', httpVersion: version } = request;
    const [site = ''] = String(headers[':authority'] ?? headers.host ?? '').split(':');
    arrived.push({ version, site, method, path, authorization: headers.authorization ?? null });
    return site;
  };
  const listener = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    const host = note(request);
    const path = request.url;
    if (host === SITES.git && site.gitAt !== null) {
      forward(site.gitAt, request, response);
      return;
    }
    if (path.endsWith('/events')) {
      listeners.add(response);
      response.on('close', () => listeners.delete(response));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': begun\n\n');
      return;
    }
    const answer = answers.get(`${host}${path}`);
    // pip takes a page for one when it is said to be one.
    if (path.endsWith('/')) response.setHeader('content-type', 'text/html');
    if (answer !== undefined) response.end(answer);
    else if (host === SITES.api) greet(request, response);
    else response.writeHead(404).end();
  };
  const server = createSecureServer({ key, cert, allowHTTP1: true }, listener);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    note(request);
    echoSocket(request, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(PORT, address, resolve);
  });
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const site: UpstreamSite = {
    ...{ caPem: cert, arrived, gitAt: null },
    serve(name, more) {
      for (const [path, answer] of more) answers.set(`${SITES[name]}${path}`, answer);
    },
    tell(event) {
      for (const response of listeners) response.write(`data: ${event}\n\n`);
      return listeners.size;
    },
    end() {
      for (const response of listeners) response.end();
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return site;
}

function greet(request: Http2ServerRequest, response: Http2ServerResponse): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => response.end(`hello from ${request.url}, ${bytes} bytes taken\n`));
}

function forward(origin: string, request: Http2ServerRequest, response: Http2ServerResponse): void {
  const { method, headers, url } = request;
  const onward = ask(new URL(url, origin), { method, headers: plain(headers) }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, plain(answer.headers));
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

/** Without what belongs to one connection or one version of HTTP. */
function plain(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const own = /^:|^(connection|keep-alive|transfer-encoding|upgrade)$/;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.test(name)));
}
