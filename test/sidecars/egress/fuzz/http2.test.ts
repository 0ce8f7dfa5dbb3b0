import { expect, test } from 'vitest';
import { headerText } from '../../../../src/sidecars/egress/http1/message-writer.ts';
import { parseRequestHead } from '../../../../src/sidecars/egress/http1/request-head.ts';
import { requestOf } from '../../../../src/sidecars/egress/http2/request-of.ts';
import { LIMITS } from '../../../../src/sidecars/egress/limits.ts';
import { readRequest } from '../../../../src/sidecars/egress/read-request.ts';
import { fuzz } from './mutation.ts';

const WORDS = [
  ...[':path: ', ':authority: ', 'host: ', 'cookie: ', '\n', ':', ': ', '\0', '\r', ' ', '\t'],
  ...['//', '/../', '%2f', '@', ',', '#', '?', 'transfer-encoding: chunked\n', '\xe9', 'X-A: b\n'],
];
/** HTTP/2 has limits of its own, before this. */
const ANY_SIZE = { ...LIMITS, headBytes: 2 ** 20, headerLines: 2 ** 16, urlLength: 2 ** 20 };
const TUNNEL = { authority: { host: 'api.x.test', port: 443 }, serverName: 'api.x.test' };

test('headers of HTTP/2 are refused, or are one request that HTTP/1.1 says alike', () => {
  let accepted = 0;
  fuzz('http2-headers', WORDS, (input) => {
    const given = headersOf(input.toString('latin1'));
    // An empty crumb leaves a blank at the end of the cookie.
    if (given.some((text, at) => text === '' && given[at - 1] === 'cookie')) return;
    const raw = requestOf(given);
    if (raw === null) return;
    const names = raw.headers.filter((_, at) => at % 2 === 0);
    expect(names.filter((name) => name.toLowerCase() === 'host')).toHaveLength(1);
    expect(names.filter((name) => name.startsWith(':'))).toEqual([]);
    for (const text of raw.headers) expect(text).not.toMatch(/[\r\n\0]/);
    const read = readRequest(raw, TUNNEL);
    if (read.kind === 'deny') return;
    accepted += 1;
    const { authority, path, query, method } = read.request;
    expect(authority).toEqual(TUNNEL.authority);
    expect(path + query).toMatch(/^\/[\x21-\x7e]*$/);
    const written = `${method} ${path}${query} HTTP/1.1\r\n${headerText(raw.headers)}`;
    const again = parseRequestHead(written, ANY_SIZE);
    if (again.ok) {
      expect(again.head).toMatchObject({ method, target: path + query });
      expect(readRequest(again.head, TUNNEL)).toEqual(read);
    } else expect(names.join()).toMatch(/content-length/i);
  });
  expect(accepted).toBeGreaterThan(5);
});

/** Name, value, name, value of lines. Capitals in a name, and a blank at an end of a value, never come out of `node:http2`. */
function headersOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => /^(.[^:]*): (.*)$/s.exec(line)?.slice(1) ?? [line, ''])
    .filter(
      ([name, value]) =>
        name !== '' && !/[A-Z]/.test(name ?? '') && !/^[ \t]|[ \t]$/.test(value ?? ''),
    )
    .flat();
}
