import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { egressRoute } from '../builders/desired.ts';
import { exchange, tunnel } from '../sidecars/egress/agent-client.ts';
import { type EgressHarness, startEgress } from '../sidecars/egress/harness.ts';
import { startUpstream } from '../sidecars/egress/upstream.ts';

const API = 'api.example.test';
const BYTES = Number(process.env['BB_BULK_BYTES'] ?? 10 * 2 ** 30);
const PIECE = Buffer.alloc(262_144, 'x');
const TIMEOUT_MS = 30 * 60_000;

/** An upstream that counts what it takes, and gives as much as `/<bytes>` asks for. */
function bulkUpstream() {
  return startUpstream([API], {
    handler: (request, response) => {
      let taken = 0;
      request.on('data', (chunk: Buffer) => {
        taken += chunk.length;
      });
      request.once('end', async () => {
        if (request.method === 'POST') {
          response.end(`taken ${taken}.`);
          return;
        }
        let left = Number(request.url?.slice(1));
        response.writeHead(200, { 'content-length': left });
        for (; left > 0; left -= PIECE.length) {
          const isFull = !response.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE);
          if (isFull) await once(response, 'drain');
        }
        response.end();
      });
    },
  });
}

test(`${BYTES} bytes go up and down in memory that stays flat within 50 MB`, {
  timeout: TIMEOUT_MS,
}, async () => {
  await using upstream = await bulkUpstream();
  await using egress = await startEgress({
    routes: [egressRoute(API, { ports: [upstream.port] })],
    upstream: upstream.settings,
  });
  const target = `${API}:${upstream.port}`;
  const memory = watchMemory(egress);
  const first = await tunnel(egress, { target });
  await upload(first, target, PIECE.length * 400);
  await download(first, target, PIECE.length * 400);
  const warmMb = memory.peakMb();
  expect(await upload(first, target, BYTES)).toContain(`taken ${BYTES}.`);
  expect(await download(first, target, BYTES)).toBe(BYTES);
  first.destroy();
  const peakMb = memory.peakMb();
  memory.stop();
  console.log(`egress: ${warmMb.toFixed(1)} MB warm, ${peakMb.toFixed(1)} MB at most`);
  expect(peakMb - warmMb).toBeLessThan(50);
});

async function upload(socket: TLSSocket, target: string, bytes: number): Promise<string> {
  socket.write(`POST / HTTP/1.1\r\nHost: ${target}\r\nContent-Length: ${bytes}\r\n\r\n`);
  const answer = exchange(socket, '', (received) => received.endsWith('.'));
  for (let left = bytes; left > 0; left -= PIECE.length) {
    const isFull = !socket.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE);
    if (isFull) await once(socket, 'drain');
  }
  const received = await answer;
  socket.removeAllListeners('data');
  return received;
}

/** Gives the bytes of the body that came. */
function download(socket: TLSSocket, target: string, bytes: number): Promise<number> {
  socket.write(`GET /${bytes} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  return new Promise((resolve, reject) => {
    let head = '';
    let got = -1;
    const take = (chunk: Buffer): void => {
      if (got >= 0) got += chunk.length;
      else {
        head += chunk.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end !== -1) got = head.length - end - 4;
      }
      if (got < bytes) return;
      socket.off('data', take).off('close', lost);
      resolve(got);
    };
    const lost = (): void => reject(new Error(`the connection ended after ${got} bytes`));
    socket.on('data', take).once('close', lost);
  });
}

function watchMemory({ pid }: EgressHarness): { peakMb: () => number; stop: () => void } {
  let peak = 0;
  const look = (): void => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    peak = Math.max(peak, Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
  };
  const timer = setInterval(look, 100);
  return {
    peakMb: () => {
      look();
      return peak;
    },
    stop: () => clearInterval(timer),
  };
}
