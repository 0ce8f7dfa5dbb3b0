import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Frame,
  FrameReader,
  frameBytes,
  OPCODE,
} from '../../../../src/sidecars/egress/websocket/frames.ts';
import { egressRoute } from '../../../builders/desired.ts';
import { eventually } from '../../../eventually.ts';
import { exchange, tunnel } from '../agent-client.ts';
import { type EgressHarness, startEgress } from '../harness.ts';
import { selfSigned } from '../upstream.ts';

const HOST = 'socket.example.test';
const SECRET = 's3cr3t-Hunter2-of-the-suite';
const HARMLESS = 'b0rder-Hunter7-of-the-garden';
const PING = 9;
const POLICY_VIOLATION = 1008;

let egress: EgressHarness;
let server: Server;
/** What came out of the proxy. */
let arrived: Frame[] = [];
let head = '';
/** The other end of the newest WebSocket. */
let far: Socket;

beforeAll(async () => {
  const certificate = selfSigned([HOST]);
  server = createServer(certificate, (socket) => {
    far = socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      head = bytes.toString('latin1');
      const key = /sec-websocket-key: (\S+)/i.exec(head)?.[1] ?? '';
      const accept = createHash('sha1')
        .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      const credential = /authorization: (.*)\r\n/i.exec(head)?.[1];
      const hints = `HTTP/1.1 103 Hints\r\nX-Echo: ${credential}\r\n\r\n`;
      socket.write(
        `${hints}HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nX-Echo: ${credential}\r\n\r\n`,
      );
      const reader = new FrameReader(true, 1_000_000);
      socket.on('data', (sent) => arrived.push(...reader.take(sent)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  egress = await startEgress({
    routes: [
      egressRoute(HOST, {
        ports: [port()],
        addresses: ['127.0.0.1/32'],
        auth: { scheme: 'Bearer', secret: 'api' },
        dlp: { outbound: ['known_secrets'], onMatch: 'block' },
      }),
    ],
    upstream: { hosts: { [HOST]: ['127.0.0.1'] }, trustedCaPem: [certificate.cert] },
    secrets: { api: SECRET },
  });
});

afterAll(async () => {
  await egress?.[Symbol.asyncDispose]();
  server?.close();
});

beforeEach(() => {
  arrived = [];
});

function port(): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A WebSocket through egress, and the head with which it was opened. */
async function open(): Promise<{ readonly socket: Socket; readonly answer: string }> {
  const target = `${HOST}:${port()}`;
  const socket = await tunnel(egress, { target });
  const key = Buffer.alloc(16, 1).toString('base64');
  const answer = await exchange(
    socket,
    `GET /ws HTTP/1.1\r\nHost: ${target}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    (got) => / 101 [\s\S]*\r\n\r\n/.test(got),
  );
  return { socket, answer };
}

const frame = (opcode: number, text: string, isFinal = true): Frame => ({
  isFinal,
  opcode,
  payload: Buffer.from(text),
});

const SENDINGS: readonly (readonly [string, (text: string) => readonly Frame[]])[] = [
  ['in a text', (text) => [frame(OPCODE.text, text)]],
  ['in bytes', (text) => [frame(OPCODE.binary, Buffer.from(text).toString('base64'))]],
  [
    'in pieces, a ping between them',
    (text) => [
      frame(OPCODE.text, text.slice(0, 9), false),
      frame(PING, ''),
      frame(OPCODE.continuation, text.slice(9)),
    ],
  ],
  [
    'letter by letter',
    (text) => [
      frame(OPCODE.text, '', false),
      ...[...text].map((letter) => frame(OPCODE.continuation, letter, false)),
      frame(OPCODE.continuation, ''),
    ],
  ],
  ['in a ping', (text) => [frame(PING, text)]],
  ['in a pong that nobody asked for', (text) => [frame(10, text)]],
];

describe('a secret on a WebSocket', () => {
  test.for(SENDINGS)('%s ends it, the same without it arrives', async ([, sent]) => {
    const refused = await open();
    const back = new FrameReader(false, 1000);
    const got: Frame[] = [];
    refused.socket.on('data', (bytes) => got.push(...back.take(bytes)));
    for (const each of sent(SECRET)) refused.socket.write(frameBytes(each, true));
    await eventually('it is closed', () => refused.socket.closed);
    expect(got.at(-1)?.opcode).toBe(OPCODE.close);
    expect(got.at(-1)?.payload.readUInt16BE()).toBe(POLICY_VIOLATION);
    expect(Buffer.concat(arrived.map(({ payload }) => payload)).toString()).not.toContain('Hunter');
    arrived = [];
    const { socket } = await open();
    for (const each of sent(HARMLESS)) socket.write(frameBytes(each, true));
    const text = Buffer.concat(sent(HARMLESS).map(({ payload }) => payload)).toString();
    await eventually(
      'it arrives',
      () => Buffer.concat(arrived.map(({ payload }) => payload)).toString() === text,
    );
    socket.destroy();
  });

  test('that comes back is masked, in heads, messages and pings', async () => {
    const { socket, answer } = await open();
    expect(head).toContain(`Bearer ${SECRET}`);
    expect(head).not.toMatch(/permessage/);
    expect(answer).toMatch(/ 103 [\s\S]*X-Echo: Bearer \[bb:api\][\s\S]* 101 /);
    expect(answer).not.toContain(SECRET);
    let got = '';
    socket.on('data', (bytes) => {
      got += bytes.toString('latin1');
    });
    far.write(frameBytes(frame(OPCODE.text, `you are ${SECRET}`), false));
    await eventually('it comes', () => got.includes('you are [bb:api]'));
    far.write(frameBytes(frame(PING, SECRET), false));
    await eventually('it is closed', () => socket.closed);
    expect(got).not.toContain(SECRET);
  });
});
