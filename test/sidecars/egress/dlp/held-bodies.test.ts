import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DlpInspection } from '../../../../src/sidecars/egress/dlp/dlp-inspection.ts';
import { Turns } from '../../../../src/sidecars/egress/dlp/turns.ts';
import { GatheredBytes } from '../../../../src/sidecars/egress/gathered-bytes.ts';
import { egressRoute } from '../../../builders/desired.ts';
import { eventually } from '../../../eventually.ts';
import { exchange, send, tunnel } from '../agent-client.ts';
import { startEgress } from '../harness.ts';
import { startLimitedProxy } from '../limited-proxy.ts';
import { startUpstream, type Upstream } from '../upstream.ts';

const HOST = 'held.example.test';
const SECRET = 's3cr3t-Hunter2-of-the-suite';

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
  const inspection = new DlpInspection({
    held: { hold: async () => ({ kind: 'refused', reason: 'nobody is there', try: 'later' }) },
    log: () => undefined,
  });
  using proxy = await startLimitedProxy(
    partsOf(upstream),
    { heldBytes: 1000 },
    Date.now,
    inspection,
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
