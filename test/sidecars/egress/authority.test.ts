import { expect, test } from 'vitest';
import { formatAuthority, parseAuthority } from '../../../src/sidecars/egress/authority.ts';

test.for([
  ['api.x.test', 'api.x.test', 443],
  ['API.X.test:8443', 'api.x.test', 8443],
  ['_egress.local', '_egress.local', 443],
  ['xn--bcher-kva.test', 'xn--bcher-kva.test', 443],
  ['192.0.2.7:80', '192.0.2.7', 80],
  ['[2001:db8::1]:80', '2001:db8::1', 80],
] as const)('%s names %s on %s', ([raw, host, port]) => {
  expect(parseAuthority(raw, 443)).toEqual({ host, port });
});

test.for([
  '',
  ':443',
  'a.test:',
  'a.test:0',
  'a.test:65536',
  'a.test:443:443',
  'a.test:+443',
  'user@a.test',
  'a.test@b.test',
  'a.test.',
  '.a.test',
  'a..test',
  'a_.-.test',
  '-a.test',
  'a test',
  'a\0.test',
  'bücher.test',
  'a.test/x',
  'a.test#',
  '127.1',
  '0x7f.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '127.0.0.01',
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '[::1',
  '::1',
  '[::FFFF:127.0.0.1]',
  '[0:0:0:0:0:0:0:1]',
  '[fe80::1%25eth0]',
  '[a.test]',
  `${'a'.repeat(64)}.test`,
  `${'a.'.repeat(127)}test`,
])('%j has no single reading', (raw) => {
  expect(parseAuthority(raw, 443)).toBeNull();
});

test('the port is written only where it is not the default', () => {
  expect(formatAuthority({ host: 'a.test', port: 443 }, 443)).toBe('a.test');
  expect(formatAuthority({ host: '2001:db8::1', port: 80 }, 443)).toBe('[2001:db8::1]:80');
});
