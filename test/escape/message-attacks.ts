import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Frame, frameBytes, OPCODE } from '../../src/sidecars/egress/websocket/frames.ts';
import { DEALINGS, ENCODINGS } from '../sidecars/egress/dlp/encodings.ts';
import { type AttackedFleet, SECRET } from './attacked-fleet.ts';
import { GUARDED } from './attacked-upstreams.ts';
import { inside } from './inside.ts';
import { HARMLESS } from './leak-attacks.ts';
import { HEARD } from './message-taker.ts';

/** What is written on a WebSocket that is open, and how the bottle's proxy ends it. */
interface MessageAttack {
  readonly name: string;
  readonly bytesOf: (text: string) => Buffer;
  readonly meets: RegExp;
  /** Where the same way of sending is refused whatever it holds. */
  readonly twin?: (text: string) => Buffer;
}

const PING = 9;
/** Of a first byte: what follows is compressed. */
const COMPRESSED = 0x40;
const BLOCKED = /^closed 1008$/;
const BROKEN = /^closed 1002$/;

const plain = (text: string): Buffer => bytes(frame(OPCODE.text, text));

const ATTACKS: readonly MessageAttack[] = [
  ...Object.entries({ ...ENCODINGS, ...DEALINGS }).map(([name, encode]) => ({
    name: `in a text, as ${name}`,
    bytesOf: (text: string) => bytes(frame(OPCODE.text, encode(text))),
    meets: BLOCKED,
  })),
  attack('in bytes', (text) => [frame(OPCODE.binary, text)]),
  attack('in bytes that are gzip', (text) => [frame(OPCODE.binary, gzipSync(text))]),
  attack('in two fragments', (text) => [
    frame(OPCODE.binary, text.slice(0, 9), false),
    frame(OPCODE.continuation, text.slice(9)),
  ]),
  attack('letter by letter, with pings between them', (text) => [
    frame(OPCODE.text, '', false),
    ...[...text].flatMap((letter) => [frame(OPCODE.continuation, letter, false), frame(PING, '')]),
    frame(OPCODE.continuation, ''),
  ]),
  attack('in a ping', (text) => [frame(PING, text)]),
  attack('after a mebibyte of other text', (text) => [
    frame(OPCODE.text, `${'x '.repeat(2 ** 19)}${text}`),
  ]),
  {
    name: 'compressed, as the server offers',
    bytesOf: compressed,
    meets: BROKEN,
    twin: plain,
  },
  {
    name: 'behind reserved bits',
    bytesOf: (text) => withFirstByte(plain(text), 0x20),
    meets: BROKEN,
    twin: plain,
  },
  {
    name: 'under an opcode that nobody knows',
    bytesOf: (text) => withFirstByte(plain(text), 0x02),
    meets: BROKEN,
    twin: plain,
  },
  {
    name: 'without a mask',
    bytesOf: (text) => frameBytes(frame(OPCODE.text, text), false),
    meets: BROKEN,
    twin: plain,
  },
  {
    name: 'as a second message before the first is whole',
    bytesOf: (text) => bytes(frame(OPCODE.text, 'x', false), frame(OPCODE.text, text)),
    meets: BROKEN,
    twin: (text) => bytes(frame(OPCODE.text, 'x'), frame(OPCODE.text, text)),
  },
  {
    name: 'in a close',
    bytesOf: (text) => bytes(frame(OPCODE.close, `\x03\xe8${text}`)),
    meets: BLOCKED,
    twin: plain,
  },
];

/** Secrets in the frames of WebSockets that a route with `dlp` allows. */
export function messageAttacks(attacked: () => AttackedFleet): void {
  describe('messages on a WebSocket', () => {
    const run = async () => {
      const sends = ATTACKS.flatMap(({ name, bytesOf, twin = bytesOf }) => [
        { name, bytes: bytesOf(SECRET).toString('base64') },
        { name: `twin ${name}`, bytes: twin(HARMLESS).toString('base64') },
      ]);
      const source = `const sends = ${JSON.stringify(sends)};\n${PROGRAM}`;
      return inside<{ readonly [name: string]: string }>(attacked().fleet, 'node', source);
    };
    const wrong = (answers: { readonly [name: string]: string }) =>
      ATTACKS.filter(
        ({ name, meets }) => !meets.test(answers[name] ?? '') || answers[`twin ${name}`] !== HEARD,
      ).map(({ name }) => `${name}: ${answers[name]}, twin: ${answers[`twin ${name}`]}`);

    test('a secret ends it in whatever frames it is, the same without it is heard', async () => {
      expect(wrong(await run())).toEqual([]);
    });

    test('also while the table is replaced again and again', async () => {
      const found: string[] = [];
      await attacked().whileReloading(async (reloads) => {
        while (reloads() < 2) found.push(...wrong(await run()));
      });
      expect(found).toEqual([]);
    }, 120_000);

    test('none arrived', () => {
      const heard = attacked().arrived.filter(({ line }) => line === 'GET /messages');
      expect(heard.length).toBeGreaterThan(ATTACKS.length - 1);
      expect(JSON.stringify(heard)).not.toMatch(/hunter2/i);
      expect(JSON.stringify(heard)).not.toMatch(/permessage/i);
    });
  });
}

function attack(name: string, framesOf: (text: string) => readonly Frame[]): MessageAttack {
  return { name, bytesOf: (text) => bytes(...framesOf(text)), meets: BLOCKED };
}

function frame(opcode: number, payload: string | Buffer, isFinal = true): Frame {
  return { isFinal, opcode, payload: Buffer.from(payload as string, 'latin1') };
}

function bytes(...frames: readonly Frame[]): Buffer {
  return Buffer.concat(frames.map((each) => frameBytes(each, true)));
}

function compressed(text: string): Buffer {
  const payload = deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4);
  return withFirstByte(bytes(frame(OPCODE.text, payload)), COMPRESSED);
}

function withFirstByte(whole: Buffer, bits: number): Buffer {
  whole[0] = (whole[0] ?? 0) | bits;
  return whole;
}

/** Opens one for each, a few at a time, and tells the first frame that comes back. */
const PROGRAM = `
import net from 'node:net';
import tls from 'node:tls';
const run = ({ bytes }) => new Promise((resolve) => {
  const socket = net.connect(8080, 'egress');
  const end = (said) => { clearTimeout(timer); socket.destroy(); resolve(said); };
  const timer = setTimeout(end, 15000, 'silent');
  socket.on('error', ({ code }) => end(code));
  socket.write('CONNECT ${GUARDED} HTTP/1.1\\r\\nHost: ${GUARDED}\\r\\n\\r\\n');
  socket.once('data', () => {
    const secure = tls.connect({ socket, servername: 'guarded.example.test', rejectUnauthorized: false });
    secure.on('error', ({ code }) => end(code)).on('close', () => end('cut'));
    secure.write('GET /messages HTTP/1.1\\r\\nHost: ${GUARDED}\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n'
      + 'Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\\r\\n'
      + 'Sec-WebSocket-Key: AQEBAQEBAQEBAQEBAQEBAQ==\\r\\n\\r\\n');
    let got = Buffer.alloc(0);
    let isOpen = false;
    secure.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      const border = got.indexOf('\\r\\n\\r\\n');
      if (!isOpen && border !== -1) {
        if (!got.toString().startsWith('HTTP/1.1 101')) return end('refused ' + got.toString('latin1').slice(9, 12));
        isOpen = true;
        got = got.subarray(border + 4);
        secure.write(Buffer.from(bytes, 'base64'));
      }
      while (isOpen && got.length > 1 && got.length >= 2 + (got[1] & 127)) {
        const [opcode, payload] = [got[0] & 15, got.subarray(2, 2 + (got[1] & 127))];
        if (opcode === 8) return end('closed ' + payload.readUInt16BE());
        if (opcode === 1) return end(payload.toString());
        got = got.subarray(2 + payload.length);
      }
    });
  });
});
const answers = {};
const queue = [...sends];
await Promise.all(Array.from({ length: 8 }, async () => {
  for (let next = queue.shift(); next; next = queue.shift()) answers[next.name] = await run(next);
}));
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
`;
