import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import { expect, test } from 'vitest';
import { ensureCertificateAuthority } from '../../../src/sidecars/egress/certificate-authority.ts';
import { egressRoute } from '../../builders/desired.ts';
import { exchange, type ProxyAddress, tunnel } from './agent-client.ts';
import { startLimitedProxy } from './limited-proxy.ts';
import { startUpstream } from './upstream.ts';

const API = 'api.example.test';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

test('a leaf is renewed hours before it expires, and connections under the old one go on', async () => {
  await using upstream = await startUpstream([API]);
  let nowMs = Date.now() - 17 * HOUR_MS;
  using proxy = await startLimitedProxy(
    { routes: [egressRoute(API, { ports: [upstream.port] })], upstream: upstream.settings },
    {},
    () => nowMs,
  );
  const target = `${API}:${upstream.port}`;
  const first = await tunnel(proxy, { target });
  const leaf = first.getPeerCertificate();
  const second = await tunnel(proxy, { target });
  expect(second.getPeerCertificate().serialNumber).toBe(leaf.serialNumber);
  nowMs += 19 * HOUR_MS;
  const third = await tunnel(proxy, { target });
  const renewed = third.getPeerCertificate();
  expect(renewed.serialNumber).not.toBe(leaf.serialNumber);
  expect(Date.parse(renewed.valid_to)).toBeGreaterThan(Date.parse(leaf.valid_to));
  expect(Date.parse(leaf.valid_to)).toBeGreaterThan(nowMs);
  const request = `GET / HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
  for (const socket of [first, third]) {
    expect(await exchange(socket, request, (got) => got.includes('\r\n\r\n'))).toMatch(
      /^HTTP\/1\.1 200 /,
    );
    socket.destroy();
  }
  second.destroy();
});

test.for([
  ['back by an hour', -HOUR_MS, true],
  ['back by a day', -DAY_MS - HOUR_MS, false],
  ['back by a week', -7 * DAY_MS, false],
  ['forward by an hour', HOUR_MS, true],
  ['forward by a day', DAY_MS, false],
] as const)('when the clock is set %s, what is served is valid by it', async ([, byMs, isKept]) => {
  let nowMs = Date.now();
  using proxy = await startLimitedProxy({}, {}, () => nowMs);
  const before = await leafOf(proxy);
  nowMs += byMs;
  const after = await leafOf(proxy);
  expect(after.serialNumber === before.serialNumber).toBe(isKept);
  expect(Date.parse(after.valid_from)).toBeLessThan(nowMs);
  expect(Date.parse(after.valid_to)).toBeGreaterThan(nowMs + HOUR_MS);
});

test('an authority near its end is replaced at the next start, one that has time is kept', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bb-authority-'));
  try {
    const startMs = Date.parse('2026-01-01T00:00:00Z');
    const at = (days: number): string =>
      ensureCertificateAuthority(join(folder, 'state'), folder, startMs + days * DAY_MS).certPem;
    const first = at(0);
    expect(at(3640)).toBe(first);
    const replaced = at(3645);
    expect(replaced).not.toBe(first);
    expect(at(3646)).toBe(replaced);
    const { validTo } = new X509Certificate(replaced);
    expect(Date.parse(validTo)).toBeGreaterThan(startMs + 7000 * DAY_MS);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('an authority of a clock that was ahead is replaced at the next start, unless by less than a day', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bb-authority-'));
  try {
    const nowMs = Date.parse('2026-01-01T00:00:00Z');
    const at = (byMs: number): string =>
      ensureCertificateAuthority(join(folder, 'state'), folder, nowMs + byMs).certPem;
    const ahead = at(30 * DAY_MS);
    const mended = at(0);
    expect(mended).not.toBe(ahead);
    expect(Date.parse(new X509Certificate(mended).validFrom)).toBeLessThan(nowMs);
    expect(at(-23 * HOUR_MS)).toBe(mended);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** What is served for `API`, whether or not this machine's clock finds it valid. */
async function leafOf({ port }: ProxyAddress): Promise<PeerCertificate> {
  const plain = connect(port, '127.0.0.1');
  plain.write(`CONNECT ${API}:443 HTTP/1.1\r\nHost: ${API}:443\r\n\r\n`);
  await once(plain, 'data');
  const socket = connectTls({ socket: plain, servername: API, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}
