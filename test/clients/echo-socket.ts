import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const SHORT = 126;

/** Takes a WebSocket upgrade and says each short text message back; a close of the client ends it. */
export function echoSocket(request: IncomingMessage, socket: Duplex): void {
  const key = request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  socket.on('error', () => socket.destroy());
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept.digest('base64')}`,
      '\r\n',
    ].join('\r\n'),
  );
  let waiting = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (let frame = frameOf(waiting); frame !== null; frame = frameOf(waiting)) {
      waiting = waiting.subarray(frame.bytes);
      const { opcode, content } = frame;
      socket.write(Buffer.concat([Buffer.from([0x80 | opcode, content.length]), content]));
      if (opcode === 8) socket.end();
    }
  });
}

/** The first whole frame of a client, unmasked. */
function frameOf(bytes: Buffer) {
  const [first = 0, second = 0] = bytes;
  const length = second & 0x7f;
  const end = 6 + length;
  if (length >= SHORT || bytes.length < end) return null;
  const mask = bytes.subarray(2, 6);
  const content = bytes.subarray(6, end).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return { opcode: first & 0xf, content: Buffer.from(content), bytes: end };
}
