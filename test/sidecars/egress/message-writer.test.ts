import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { MessageWriter } from '../../../src/sidecars/egress/http1/message-writer.ts';

const BYTES = 16_384;

/** Two ends of a connection. */
async function connected(): Promise<readonly [Socket, Socket]> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [near, far];
}

function piece(letter: string): Buffer {
  return Buffer.from(new ArrayBuffer(BYTES)).fill(letter);
}

test('what is spent is given back once it was sent, and arrives as it was', async () => {
  const [near, far] = await connected();
  const writer = new MessageWriter(near);
  const pieces = ['a', 'b', 'c', 'd'].map(piece);
  writer.begin('head ', { kind: 'length', length: 4 * BYTES });
  for (const each of pieces) writer.write(each, true);
  expect(pieces.every(({ length }) => length === BYTES)).toBe(true);
  near.end();
  const received = await buffer(far);
  expect(received.toString('latin1')).toBe(
    `head ${['a', 'b', 'c', 'd'].map((letter) => letter.repeat(BYTES)).join('')}`,
  );
  // The first went out in a copy, with the head.
  await expect.poll(() => pieces.map(({ length }) => length)).toEqual([BYTES, 0, 0, 0]);
});

test('what somebody may still look at stays as it was', async () => {
  const [near, far] = await connected();
  const writer = new MessageWriter(near);
  const kept = piece('k');
  const part = piece('p').subarray(0, BYTES - 1);
  writer.begin('', { kind: 'length', length: 2 * BYTES - 1 });
  writer.write(kept, false);
  writer.write(part, true);
  near.end();
  expect((await buffer(far)).length).toBe(2 * BYTES - 1);
  expect([kept.length, part.length]).toEqual([BYTES, BYTES - 1]);
});

test('what could not be sent is not given back while the kernel may read it', async () => {
  const [near, far] = await connected();
  const writer = new MessageWriter(near);
  writer.begin('', { kind: 'length', length: 2 ** 30 });
  // More than the kernel ever takes for one who does not read.
  const pieces = Array.from({ length: 2000 }, () => piece('x'));
  for (const each of pieces) writer.write(each, true);
  near.on('error', () => undefined).destroy();
  await once(near, 'close');
  far.destroy();
  expect(pieces.at(-1)?.length).toBe(BYTES);
});
