import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHost } from '../../src/model/host-name.ts';

const exact = (raw: string) => parseHost(raw, { wildcard: false });

describe('a host name', () => {
  test.each([
    ['Example.COM', 'example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['a．example', 'a.example'],
    ['gitea', 'gitea'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ])('%s is read as %s', (raw, host) => {
    expect(exact(raw)).toEqual({ ok: true, host });
  });

  test.each([
    ['', 'is empty'],
    ['https://example.com', 'scheme'],
    ['user@example.com', 'user'],
    ['example.com:443', 'port'],
    ['example.com/v1', 'path'],
    ['example.com?x', 'path'],
    ['example.com#x', 'path'],
    ['example.com\\x', 'path'],
    ['example.com.', 'dot'],
    ['.example.com', 'empty label'],
    ['example..com', 'empty label'],
    ['*.example.com', 'wildcard'],
    ['ex*mple.com', 'wildcard'],
    ['example.com\0.evil.test', 'invisible'],
    ['example.com\r\nx: y', 'invisible'],
    ['exam\u200bple.com', 'invisible'],
    ['exam\u202eple.com', 'invisible'],
    ['exa mple.com', 'blank'],
    ['%65xample.com', 'percent'],
    ['-example.com', 'label'],
    ['under_score.example', 'label'],
    [`${'a'.repeat(64)}.example`, 'label'],
    [`${'a.'.repeat(127)}example`, 'longer'],
    ['127.0.0.1', 'IP address'],
    ['127.1', 'IP address'],
    ['2130706433', 'IP address'],
    ['0x7f.0.0.1', 'IP address'],
    ['0177.0.0.1', 'IP address'],
    ['１２７.0.0.1', 'IP address'],
    ['[::1]', 'IP address'],
    ['::1', 'IP address'],
    ['example.0x1', 'not a valid host name'],
    ['1.2.3.4.5', 'not a valid host name'],
    ['a℀b.example', 'not a valid host name'],
  ])('%j is refused: %s', (raw, problem) => {
    expect(exact(raw)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });

  test('may begin with a wildcard only where that is allowed', () => {
    expect(parseHost('*.Example.com', { wildcard: true })).toEqual({
      ok: true,
      host: '*.example.com',
    });
    for (const raw of ['*', '*.', '*.*.com', 'a.*.com', '*a.com']) {
      expect(parseHost(raw, { wildcard: true }).ok, raw).toBe(false);
    }
  });

  test('is one spelling: reading it again changes nothing, whatever was written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.string({ unit: 'binary' })), (raw) => {
        const parsed = parseHost(raw, { wildcard: true });
        if (!parsed.ok) return;
        expect(parsed.host).toMatch(/^(?:\*\.)?[a-z0-9.-]{1,253}$/);
        expect(parseHost(parsed.host, { wildcard: true })).toEqual(parsed);
      }),
      { numRuns: 2_000 },
    );
  });
});
