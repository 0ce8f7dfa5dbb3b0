import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What a client has to know of the proxy. */
export interface ProxyAddress {
  readonly port: number;
  /** The certificate of the bottle's authority. */
  readonly caFile: string;
}

export interface AgentRequest {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string | readonly string[] };
  readonly body?: string | Buffer;
}

/** Sends one request through the proxy as a well-behaved client does. */
export async function send(
  egress: ProxyAddress,
  url: string,
  request: AgentRequest = {},
): Promise<Answer> {
  return read(await open(egress, url, request));
}

/** The same, but gives the answer while it still streams. */
export async function open(
  egress: ProxyAddress,
  url: string,
  { method = 'GET', headers = {}, body }: AgentRequest = {},
): Promise<IncomingMessage> {
  const target = new URL(url);
  const isTls = target.protocol === 'https:';
  const socket = isTls
    ? await tunnel(egress, { target: `${target.hostname}:${target.port || 443}` })
    : connect(egress.port, '127.0.0.1');
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        createConnection: () => socket,
        method,
        path: isTls ? target.pathname + target.search : url,
        headers: { host: target.host, ...headers } as { [name: string]: string },
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export async function read(response: IncomingMessage): Promise<Answer> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

export interface TunnelRequest {
  /** `host:port` of CONNECT. */
  readonly target: string;
  /** Protocols to offer in TLS. */
  readonly protocols?: readonly string[];
  /** Name for TLS; the host of the target where it is not given, none where it is null. */
  readonly serverName?: string | null;
}

/** Opens CONNECT and TLS inside, verified against the bottle's authority. */
export async function tunnel(egress: ProxyAddress, request: TunnelRequest): Promise<TLSSocket> {
  const socket = connect(egress.port, '127.0.0.1');
  socket.write(`CONNECT ${request.target} HTTP/1.1\r\nHost: ${request.target}\r\n\r\n`);
  const head = await firstBytes(socket);
  if (!head.startsWith('HTTP/1.1 200')) throw new Error(`CONNECT was answered with ${head}`);
  const host = request.target.replace(/:\d+$/, '');
  const serverName = request.serverName === undefined ? host : request.serverName;
  return new Promise((resolve, reject) => {
    const secure = connectTls({
      socket,
      ca: readFileSync(egress.caFile),
      ...(request.protocols === undefined ? {} : { ALPNProtocols: [...request.protocols] }),
      ...(serverName === null
        ? { checkServerIdentity: () => undefined }
        : { servername: serverName }),
    });
    secure.once('secureConnect', () => resolve(secure));
    secure.once('error', reject);
  });
}

/** Sends bytes as they are and gives everything that comes back until the end, or until `enough`. */
export async function exchange(
  socket: Socket,
  bytes: string,
  enough: (received: string) => boolean = () => false,
): Promise<string> {
  socket.write(bytes, 'latin1');
  return new Promise((resolve) => {
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (enough(received)) resolve(received);
    });
    socket.on('error', () => resolve(received));
    socket.on('close', () => resolve(received));
  });
}

/** Connects to the proxy itself. */
export function dial(egress: ProxyAddress): Socket {
  return connect(egress.port, '127.0.0.1');
}

function firstBytes(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', (chunk) => resolve(chunk.toString('latin1')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}
