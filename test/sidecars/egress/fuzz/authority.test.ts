import { expect, test } from 'vitest';
import { formatAuthority, parseAuthority } from '../../../../src/sidecars/egress/authority.ts';
import { fuzz } from './mutation.ts';

const WORDS = [
  ...[
    '.',
    ':',
    '@',
    '[',
    ']',
    '%',
    '/',
    '\\',
    '*',
    '-',
    '_',
    ' ',
    '\0',
    '\r\n',
    ':443',
    ':0443',
    ':0',
  ],
  ...[
    '0x7f',
    '127.1',
    '2130706433',
    '::1',
    '::ffff:127.0.0.1',
    'xn--',
    '\u00ad',
    '。',
    '%2e',
    'localhost',
  ],
];

test('the target of a CONNECT is refused or names one host, as other parsers do', () => {
  fuzz('connect-target', WORDS, (input) => {
    const raw = input.toString('latin1');
    const parsed = parseAuthority(raw, 443);
    if (parsed === null) return;
    const { host, port } = parsed;
    expect(host).toMatch(/^[a-z0-9_.:-]+$/);
    const written = formatAuthority(parsed, 0);
    expect(parseAuthority(written, 1)).toEqual(parsed);
    const url = URL.parse(`https://${raw}/`);
    expect(url?.hostname.replace(/^\[|\]$/g, '')).toBe(host);
    expect(Number(url?.port === '' ? 443 : url?.port)).toBe(port);
  });
});
