import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  request as requestOf,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

/** What becomes of a request on its way to the engine. */
type Misbehaviour =
  | { readonly kind: 'pass' }
  | { readonly kind: 'answer'; readonly status: number; readonly message: string }
  | { readonly kind: 'late'; readonly ms: number }
  /** Taken and never answered: what an engine sends later is lost. */
  | { readonly kind: 'lost' }
  /** Nobody is there. */
  | { readonly kind: 'gone' };

/** A socket before an engine's, which lets each request pass or spoils it by a rule. */
export interface MisbehavingProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** From now on; connections that are open are cut, as an engine that stops does. */
  follow(rule: (method: string, path: string) => Misbehaviour): void;
  /** `GET /containers/json`, without the version, of each request that a rule spoiled. */
  readonly spoiled: readonly string[];
}

const PASS: Misbehaviour = { kind: 'pass' };

export async function misbehavingProxy(engineEndpoint: string): Promise<MisbehavingProxy> {
  const engine = engineEndpoint.slice('unix://'.length);
  const folder = await mkdtemp(join(tmpdir(), 'bb-proxy-'));
  const open = new Set<Socket>();
  const spoiled: string[] = [];
  let rule: (method: string, path: string) => Misbehaviour = () => PASS;
  const judge = (incoming: IncomingMessage): Misbehaviour => {
    const method = incoming.method ?? 'GET';
    const path = (incoming.url ?? '/').replace(/^\/v[\d.]+/, '');
    const judged = rule(method, path);
    if (judged.kind !== 'pass') spoiled.push(`${method} ${path}`);
    return judged;
  };
  const server = createServer(async (incoming, outgoing) => {
    const judged = judge(incoming);
    if (judged.kind === 'gone') return void incoming.socket.destroy();
    if (judged.kind === 'lost') return void outgoing.writeHead(200).flushHeaders();
    if (judged.kind === 'answer') {
      outgoing.writeHead(judged.status, { 'content-type': 'application/json' });
      return void outgoing.end(JSON.stringify({ message: judged.message }));
    }
    if (judged.kind === 'late') await delay(judged.ms);
    await passOn(engine, incoming, outgoing).catch(() => outgoing.destroy());
  });
  // Attached programs take the connection over.
  server.on('upgrade', (incoming, client: Socket, head) => {
    if (judge(incoming).kind === 'gone') return void client.destroy();
    const upstream = connect(engine);
    const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
    for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
      lines.push(`${incoming.rawHeaders[index]}: ${incoming.rawHeaders[index + 1]}`);
    }
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
    upstream.write(head);
    client.pipe(upstream).pipe(client);
  });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  const path = join(folder, 's');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    endpoint: `unix://${path}`,
    spoiled,
    follow(next) {
      rule = next;
      cut();
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The body goes in one piece, as it came: an engine that answered does not wait for an end that comes later. */
async function passOn(
  engine: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await buffer(incoming);
  if (outgoing.destroyed) return;
  const { method, url, headers } = incoming;
  const upstream = requestOf({ socketPath: engine, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
  });
  upstream.on('error', () => outgoing.destroy());
  outgoing.on('close', () => upstream.destroy());
  upstream.end(body);
}
