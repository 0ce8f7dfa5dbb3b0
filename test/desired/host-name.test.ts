import { expect, test } from 'vitest';
import { hostCovers, parseHost } from '../../src/desired/host-name.ts';

test.for([
  ['a.example', 'a.example'],
  ['API.Example', 'api.example'],
  ['*.cdn.example.com', '*.cdn.example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['XN--BCHER-KVA.example', 'xn--bcher-kva.example'],
  ['faß.example', 'xn--fa-hia.example'],
  ['a。example', 'a.example'],
  ['localhost', 'localhost'],
  ['_dmarc.a.example', '_dmarc.a.example'],
  ['192.0.2.7', '192.0.2.7'],
] as const)('%s is %s', ([raw, host]) => {
  expect(parseHost(raw)).toEqual({ ok: true, value: host });
});

test.for([
  '',
  '*',
  '*.',
  '*.com',
  'a.*.example',
  '*a.example',
  '*.*.example',
  'https://a.example',
  'a.example/path',
  'a.example:443',
  '10.0.0.0/8',
  '192.0.2',
  '0x7f.1',
  '192.0.2.07',
  '192.0.2.256',
  '2130706433',
  '[::1]',
  '::1',
  '*.192.0.2.7',
  'a.example.',
  '.a.example',
  'a..example',
  '-a.example',
  'a-.example',
  'a b.example',
  'a%2eb.example',
  'user@a.example',
  'a\u200b.example\u0000',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(127)}example`,
] as const)('%j is not a host', (raw) => {
  expect(parseHost(raw)).toMatchObject({ ok: false, code: 'invalid-host' });
});

test.for([
  ['a.example', 'a.example', true],
  ['*.example.com', 'a.example.com', true],
  ['*.example.com', 'a.b.example.com', true],
  ['*.example.com', '*.b.example.com', true],
  ['*.example.com', '*.example.com', true],
  ['*.example.com', 'example.com', false],
  ['*.example.com', 'evilexample.com', false],
  ['a.example.com', '*.example.com', false],
  ['a.example.com', 'b.example.com', false],
] as const)('%s covers %s: %s', ([pattern, host, covers]) => {
  expect(hostCovers(pattern, host)).toBe(covers);
});
