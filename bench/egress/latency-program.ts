import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { quantile } from '../statistics.ts';

// `node latency-program.ts <port> <proxy port, 0 for none> <requests a second> <seconds>` prints how long answers take,
// as JSON. Requests leave at their time whether or not others were answered, on kept connections in turn.

const [port = 0, proxyPort = 0, rate = 0, seconds = 0] = process.argv.slice(2).map(Number);
const AUTHORITY = `localhost:${port}`;
const REQUEST = `GET / HTTP/1.1\r\nHost: ${AUTHORITY}\r\n\r\n`;
const CONNECTIONS = 8;
const WARM_REQUESTS = 200;

const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, open));
const tookMs: number[] = [];
/** Of each connection the last answer: a request waits for the one before it, and its time runs meanwhile. */
const answers = sockets.map(() => Promise.resolve());
const startMs = performance.now();
for (let sent = 0; sent < WARM_REQUESTS + rate * seconds; sent += 1) {
  const dueMs = startMs + (sent * 1000) / rate;
  const early = dueMs - performance.now();
  if (early > 0) await delay(early);
  const sentMs = performance.now();
  const at = sent % sockets.length;
  const [socket, former] = [sockets[at], answers[at]];
  if (socket === undefined || former === undefined) continue;
  answers[at] = former
    .then(() => ask(socket))
    .then(() => {
      if (sent >= WARM_REQUESTS) tookMs.push(performance.now() - sentMs);
    });
}
await Promise.all(answers);
for (const socket of sockets) socket.destroy();
console.log(JSON.stringify({ p50Ms: quantile(tookMs, 0.5), p99Ms: quantile(tookMs, 0.99) }));

async function open(): Promise<TLSSocket> {
  const plain: Socket = connect(proxyPort === 0 ? port : proxyPort, '127.0.0.1');
  plain.setNoDelay();
  await once(plain, 'connect');
  if (proxyPort !== 0) {
    plain.write(`CONNECT ${AUTHORITY} HTTP/1.1\r\nHost: ${AUTHORITY}\r\n\r\n`);
    const [answer] = await once(plain, 'data');
    if (!/^HTTP\/1\.1 200/.test(String(answer))) throw new Error(`no tunnel: ${answer}`);
  }
  // Whose certificate it is does not matter here: what the proxies verify is the upstream's.
  const socket = connectTls({
    socket: plain,
    servername: 'localhost',
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  return socket;
}

/** One request; an answer has a head and 1 KiB. */
async function ask(socket: TLSSocket): Promise<void> {
  socket.write(REQUEST);
  let got = '';
  while (got.indexOf('\r\n\r\n') < 0 || got.length < got.indexOf('\r\n\r\n') + 4 + 1024) {
    const [chunk] = await once(socket, 'data');
    got += String(chunk);
  }
  if (!got.startsWith('HTTP/1.1 200')) throw new Error(`refused: ${got.slice(0, 40)}`);
}
