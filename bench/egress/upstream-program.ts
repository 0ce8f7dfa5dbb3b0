import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';

// The measured upstream, a process of its own: `node upstream-program.ts <key> <cert>` prints its two ports as JSON.
// `fast` answers every head with 1 KiB and does nothing else, so that it is not what is measured; `bulk` takes and
// gives many bytes.

const [keyFile = '', certFile = ''] = process.argv.slice(2);
const certificate = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
const BODY = 'x'.repeat(1024);
const answerWith = (more: string): Buffer =>
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${BODY.length}\r\n${more}\r\n${BODY}`,
  );
const ANSWER = answerWith('');
const LAST_ANSWER = answerWith('connection: close\r\n');

const fast = createServer(certificate, (socket) => {
  let held = '';
  socket.setNoDelay();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    held += chunk.toString('latin1');
    if (!held.endsWith('\r\n\r\n')) return;
    if (/^connection: close/im.test(held)) {
      held = '';
      socket.end(LAST_ANSWER);
      return;
    }
    const heads = held.split('\r\n\r\n').length - 1;
    socket.write(heads === 1 ? ANSWER : Buffer.concat(Array.from({ length: heads }, () => ANSWER)));
    held = '';
  });
});

const PIECE = Buffer.alloc(65_536, 'x');

const bulk = createHttpsServer(certificate, (request, response) => {
  const bytes = Number(/^\/(\d+)$/.exec(request.url ?? '')?.[1] ?? 0);
  request.resume().once('end', () => {
    response.writeHead(200, { 'content-length': bytes });
    let left = bytes;
    const pour = (): void => {
      while (left > 0) {
        const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE;
        left -= piece.length;
        if (!response.write(piece)) {
          response.once('drain', pour);
          return;
        }
      }
      response.end();
    };
    pour();
  });
});

await Promise.all([fast, bulk].map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
const [fastPort, bulkPort] = [fast, bulk].map((server) => (server.address() as AddressInfo).port);
console.log(JSON.stringify({ fastPort, bulkPort }));
process.once('SIGTERM', () => process.exit(0));
