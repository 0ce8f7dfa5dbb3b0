import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DlpInspection } from '../../../../src/sidecars/egress/dlp/dlp-inspection.ts';
import { Turns } from '../../../../src/sidecars/egress/dlp/turns.ts';
import { GatheredBytes } from '../../../../src/sidecars/egress/gathered-bytes.ts';
import {
  type Frame,
  FrameReader,
  frameBytes,
  OPCODE,
} from '../../../../src/sidecars/egress/websocket/frames.ts';
import { egressRoute } from '../../../builders/desired.ts';
import { eventually } from '../../../eventually.ts';
import { exchange, type ProxyAddress, send, tunnel } from '../agent-client.ts';
import { startEgress } from '../harness.ts';
import { startLimitedProxy } from '../limited-proxy.ts';
import { selfSigned, startUpstream, type Upstream } from '../upstream.ts';

const HOST = 'held.example.test';
const SECRET = 's3cr3t-Hunter2-of-the-suite';
const TRY_AGAIN_LATER = 1013;

const partsOf = (upstream: Upstream) => ({
  routes: [
    egressRoute(HOST, {
      ports: [upstream.port],
      addresses: ['127.0.0.1/32'],
      dlp: { outbound: ['known_secrets'], onMatch: 'block' },
    }),
  ],
  upstream: upstream.settings,
  secrets: { api: SECRET },
});

const inspection = (): DlpInspection =>
  new DlpInspection({
    held: { hold: async () => ({ kind: 'refused', reason: 'nobody is there', try: 'later' }) },
    log: () => undefined,
  });

test('a body in pieces of one byte takes little more than its bytes, and a secret in it is found', async () => {
  await using upstream = await startUpstream([HOST]);
  await using egress = await startEgress(partsOf(upstream));
  const target = `${HOST}:${upstream.port}`;
  const post = async (text: string): Promise<string> => {
    const socket = await tunnel(egress, { target });
    const chunks = [...text].map((letter) => `1\r\n${letter}\r\n`).join('');
    const head = `POST /in HTTP/1.1\r\nHost: ${target}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`;
    return exchange(socket, `${head}${chunks}0\r\n\r\n`);
  };
  const before = mostMebibytes(egress.pid);
  expect(await post('x'.repeat(1_500_000))).toMatch(/^HTTP\/1\.1 200 /);
  expect(mostMebibytes(egress.pid) - before).toBeLessThan(110);
  expect(await post(`${'x'.repeat(1000)}${SECRET}`)).toMatch(/^HTTP\/1\.1 403 /);
});

test('what is held of all bodies together has a limit, and what is over makes room', async () => {
  await using upstream = await startUpstream([HOST]);
  using proxy = await startLimitedProxy(
    partsOf(upstream),
    { heldBytes: 1000 },
    Date.now,
    inspection(),
  );
  const url = `https://${HOST}:${upstream.port}/in`;
  const post = (bytes: number) => send(proxy, url, { method: 'POST', body: 'x'.repeat(bytes) });
  expect((await post(900)).status).toBe(200);
  expect((await post(1100)).status).toBe(503);
  const half = await tunnel(proxy, { target: `${HOST}:${upstream.port}` });
  half.write(
    `POST /in HTTP/1.1\r\nHost: ${HOST}:${upstream.port}\r\nContent-Length: 900\r\n\r\n${'x'.repeat(800)}`,
  );
  await eventually('the half is held', async () => (await post(900)).status === 503);
  expect((await post(100)).status).toBe(200);
  half.destroy();
  await eventually('there is room again', async () => (await post(900)).status === 200);
});

test('messages of a WebSocket that are not whole yet are held within the same limit', async () => {
  const certificate = selfSigned([HOST]);
  await using server = await startWebSocketServer(certificate);
  using proxy = await startLimitedProxy(
    {
      routes: [
        egressRoute(HOST, {
          ports: [server.port],
          addresses: ['127.0.0.1/32'],
          dlp: { outbound: ['known_secrets'], onMatch: 'block' },
        }),
      ],
      upstream: { hosts: { [HOST]: ['127.0.0.1'] }, trustedCaPem: [certificate.cert] },
    },
    { heldBytes: 1000 },
    Date.now,
    inspection(),
  );
  const part = (length: number): Buffer =>
    frameBytes({ isFinal: false, opcode: OPCODE.text, payload: Buffer.alloc(length, 'x') }, true);
  const first = await openWebSocket(proxy, server.port);
  first.write(part(800));
  const second = await openWebSocket(proxy, server.port);
  const reader = new FrameReader(false, 1000);
  const got: Frame[] = [];
  second.on('data', (bytes) => got.push(...reader.take(bytes)));
  await eventually('the first is held', () => {
    if (second.writable) second.write(part(150));
    return second.closed;
  });
  expect(got.at(-1)?.payload.readUInt16BE()).toBe(TRY_AGAIN_LATER);
  first.destroy();
  await eventually('there is room again', async () => {
    const third = await openWebSocket(proxy, server.port);
    third.write(part(900));
    third.write(frameBytes({ isFinal: true, opcode: 0, payload: Buffer.from('.') }, true));
    const isThere = await eventually('it comes or is closed', () =>
      server.received() >= 901 ? 'there' : third.closed ? 'closed' : undefined,
    );
    third.destroy();
    return isThere === 'there';
  });
});

test('long texts have their turn one after the other; who has gone meanwhile holds up nobody', async () => {
  const turns = new Turns();
  const { signal } = new AbortController();
  const gone = new AbortController();
  const had: string[] = [];
  const first = await turns.take(signal);
  const second = turns.take(gone.signal).catch(() => void had.push('second gave up'));
  const third = turns.take(signal).then(() => void had.push('third'));
  gone.abort();
  await new Promise(setImmediate);
  expect(had).toEqual([]);
  first.end();
  await Promise.all([second, third]);
  expect(had).toEqual(['second gave up', 'third']);
});

test('gathered bytes are what was added without what was dropped', () => {
  const piece = fc.uint8Array({ maxLength: 50 });
  fc.assert(
    fc.property(fc.array(fc.tuple(piece, fc.nat(60))), (steps) => {
      const gathered = new GatheredBytes();
      let expected = Buffer.alloc(0);
      for (const [bytes, wanted] of steps) {
        gathered.add(Buffer.from(bytes));
        expected = Buffer.concat([expected, bytes]);
        const dropped = Math.min(wanted, expected.length);
        gathered.drop(dropped);
        expected = expected.subarray(dropped);
        expect(gathered.bytes.equals(expected)).toBe(true);
      }
      expect(gathered.take().equals(expected)).toBe(true);
      expect(gathered.length).toBe(0);
    }),
  );
});

/** The most memory that a process had at a time. */
function mostMebibytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Takes WebSockets and counts the bytes of the messages. */
async function startWebSocketServer(certificate: ReturnType<typeof selfSigned>) {
  let received = 0;
  const sockets = new Set<Socket>();
  const server = createServer(certificate, (socket) => {
    sockets.add(socket.on('error', () => undefined));
    const reader = new FrameReader(true, 10_000);
    socket.once('data', (head) => {
      const key = /sec-websocket-key: (\S+)/i.exec(head.toString('latin1'))?.[1] ?? '';
      const accept = createHash('sha1')
        .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.on('data', (bytes) => {
        received += reader.take(bytes).reduce((sum, { payload }) => sum + payload.length, 0);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    received: () => received,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function openWebSocket(proxy: ProxyAddress, port: number): Promise<Socket> {
  const target = `${HOST}:${port}`;
  const socket = await tunnel(proxy, { target });
  const key = Buffer.alloc(16, 1).toString('base64');
  await exchange(
    socket,
    `GET /ws HTTP/1.1\r\nHost: ${target}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    (got) => / 101 [\s\S]*\r\n\r\n/.test(got),
  );
  return socket;
}
