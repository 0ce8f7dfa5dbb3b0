import { describe, expect, test } from 'vitest';
import { PLACEHOLDER } from '../../src/model/providers/provider.ts';
import { type AttackedFleet, SECRET } from './attacked-fleet.ts';
import { API, GUARDED, SECOND } from './attacked-upstreams.ts';
import { exchangeAll } from './inside.ts';

/** Texts for which some other proxy might put the credential `api` of this fleet. */
const PLACEHOLDERS = [
  'api',
  '$api',
  `\${api}`,
  `\${{ secrets.api }}`,
  '{{api}}',
  '{{ secret "api" }}',
  '<api>',
  '%api%',
  '__api__',
  '@api',
  '[bb:api]',
  'bb://secrets/api',
  'file:token',
  '/etc/bb/secrets/api',
  PLACEHOLDER,
];

/** An agent that hopes for the credential where it writes its name. */
export function placeholderAttacks(attacked: () => AttackedFleet): void {
  describe('placeholders', () => {
    test.for([
      ['its own host', API, '/public/', ''],
      ['a host that has no credential', SECOND, '/', 'X-Team: blue\r\n'],
      ['a host that is looked at', GUARDED, '/', ''],
    ] as const)(
      'are nothing but text for %s: path, query, headers and body',
      async ([, host, path, more]) => {
        const { fleet, arrived } = attacked();
        const before = arrived.length;
        const isPosted = host !== SECOND;
        const exchanges = PLACEHOLDERS.map((text, index) => {
          const escaped = encodeURIComponent(text);
          const body = isPosted ? JSON.stringify({ token: text }) : '';
          const head = [
            `${isPosted ? 'POST' : 'GET'} ${path}p${index}/${escaped.replaceAll(/%2F/gi, '')}?token=${escaped} HTTP/1.1`,
            `Host: ${host}`,
            `Authorization: Bearer ${text}`,
            `X-Api-Key: ${text}`,
            `Cookie: token=${text}`,
            `Content-Length: ${Buffer.byteLength(body)}`,
          ];
          const send = `${head.join('\r\n')}\r\n${more}\r\n${body}`;
          return { name: `${index}`, tunnel: { target: host }, send };
        });
        const answers = await exchangeAll(fleet, exchanges);
        for (const answer of Object.values(answers)) {
          expect(answer).toMatch(/^HTTP\/1\.1 200 /);
          expect(answer).not.toContain(SECRET);
        }
        const got = arrived.slice(before);
        expect(got).toHaveLength(PLACEHOLDERS.length);
        for (const { line, headers, body } of got) {
          const text = PLACEHOLDERS[Number(/\/p(\d+)\//.exec(line)?.[1])] ?? 'none';
          expect(line).toContain(`?token=${encodeURIComponent(text)}`);
          expect(headerOf(headers, 'x-api-key')).toBe(text);
          expect(headerOf(headers, 'cookie')).toBe(`token=${text}`);
          if (isPosted) expect(JSON.parse(body)).toEqual({ token: text });
          const expected = host === API ? `Bearer ${SECRET}` : undefined;
          expect(headerOf(headers, 'authorization')).toBe(expected);
          const rest = JSON.stringify([line, body, headers.filter((each) => each !== expected)]);
          expect(rest).not.toContain(SECRET);
        }
      },
    );
  });
}

function headerOf(headers: readonly string[], wanted: string): string | undefined {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === wanted);
  return at === -1 ? undefined : headers[at + 1];
}
