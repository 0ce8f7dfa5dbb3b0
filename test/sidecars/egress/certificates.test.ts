import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureCertificateAuthority } from '../../../src/sidecars/egress/certificate-authority.ts';
import { egressRoute } from '../../builders/desired.ts';
import { exchange, tunnel } from './agent-client.ts';
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
