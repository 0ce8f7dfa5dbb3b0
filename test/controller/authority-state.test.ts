import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { authorityState } from '../../src/controller/authority-state.ts';
import { ensureCertificateAuthority } from '../../src/sidecars/egress/certificate-authority.ts';

const DAY_MS = 86_400_000;
const MADE_MS = Date.parse('2026-01-01T00:00:00Z');

test.each([
  ['in its time', 0, null],
  ['of a clock that was less than a day ahead', -DAY_MS / 2, null],
  ['of a clock that was more than a day ahead', -2 * DAY_MS, 'not-valid-yet'],
  ['after its end', 3651 * DAY_MS, 'expired'],
])('an authority %s is told as such', (_title, byMs, state) => {
  const folder = mkdtempSync(join(tmpdir(), 'bb-authority-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { certPem } = ensureCertificateAuthority(join(folder, 'state'), folder, MADE_MS);
  expect(authorityState(certPem, MADE_MS + byMs)).toBe(state);
});

test('what is no certificate is nothing that can be told', () => {
  expect(authorityState('simulated certificate of dev', 0)).toBeNull();
  expect(authorityState('-----BEGIN CERTIFICATE-----\nx\n', 0)).toBeNull();
});
