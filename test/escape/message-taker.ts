import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { FrameReader, frameBytes, OPCODE } from '../../src/sidecars/egress/websocket/frames.ts';

/** What it says when it heard something. */
export const HEARD = 'heard';

/**
 * Opens a WebSocket as a server that wants more than it may: it says that it takes compressed messages, whatever it was
 * asked. Each frame with something in it goes to `note` and is answered.
 */
export function takeMessages(key: string, socket: Duplex, note: (payload: string) => void): void {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  socket.on('error', () => socket.destroy());
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Extensions: permessage-deflate',
      `Sec-WebSocket-Accept: ${accept.digest('base64')}`,
      '\r\n',
    ].join('\r\n'),
  );
  const reader = new FrameReader(true, 2 ** 24);
  const answer = { isFinal: true, opcode: OPCODE.text, payload: Buffer.from(HEARD) };
  socket.on('data', (chunk: Buffer) => {
    for (const { opcode, payload } of reader.take(chunk)) {
      if (opcode === OPCODE.close) socket.end();
      if (opcode === OPCODE.close || payload.length === 0) continue;
      note(payload.toString('latin1'));
      socket.write(frameBytes(answer, false));
    }
  });
}
