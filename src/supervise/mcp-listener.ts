import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { LIMITS } from './limits.ts';

/** A web-standard request handler. */
export type FetchHandler = (request: Request) => Promise<Response>;

const NAMES = ['supervise', 'localhost'];

/**
 * Serves `handler` at `/mcp`. Whoever can connect is the bottle's agent: the listener is its identity. Host and Origin
 * must be our name or an address, so that a page in a browser cannot reach it by rebinding its own name.
 */
export function createMcpListener(handler: FetchHandler): Server {
  const server = createServer((request, response) => {
    serve(handler, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'the supervisor failed');
    });
  });
  server.maxConnections = 256;
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  return server;
}

async function serve(
  handler: FetchHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { host, origin } = request.headers;
  if (host === undefined || !isOurs(`http://${host}`)) return refuse(response, 403, 'unknown Host');
  if (origin !== undefined && !isOurs(origin)) return refuse(response, 403, 'foreign Origin');
  const url = URL.parse(request.url ?? '', `http://${host}`);
  if (url?.pathname !== '/mcp') return refuse(response, 404, 'the MCP endpoint is /mcp');
  const body = await readBody(request);
  if (body === null) return refuse(response, 413, `more than ${LIMITS.requestBytes} bytes`);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const answer = await handler(toRequest(url, request, body, gone.signal));
  await send(answer, response);
}

function isOurs(origin: string): boolean {
  const name = URL.parse(origin)?.hostname.replace(/^\[|\]$/g, '');
  return name !== undefined && (NAMES.includes(name) || isIP(name) !== 0);
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' });
  response.end(`${reason}\n`);
}

/** Null as soon as the body is past the limit; what is left of it is not read. */
function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | null>();
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    chunks.push(chunk);
    if (length > LIMITS.requestBytes) {
      request.pause();
      resolve(null);
    }
  });
  request.on('end', () => resolve(Buffer.concat(chunks)));
  request.on('error', reject);
  return promise;
}

function toRequest(url: URL, from: IncomingMessage, body: Buffer, signal: AbortSignal): Request {
  const method = from.method ?? 'GET';
  const headers = new Headers();
  for (const [name, values] of Object.entries(from.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const bodyless = method === 'GET' || method === 'HEAD' || body.length === 0;
  return new Request(url, {
    method,
    headers,
    signal,
    body: bodyless ? null : new Uint8Array(body),
  });
}

async function send(answer: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status, [...answer.headers].flat());
  if (answer.body !== null) {
    for await (const chunk of answer.body) {
      if (response.destroyed) return;
      if (!response.write(chunk)) await drained(response);
    }
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    response.off('drain', done);
    response.off('close', done);
    resolve();
  };
  response.on('drain', done);
  response.on('close', done);
  return promise;
}
