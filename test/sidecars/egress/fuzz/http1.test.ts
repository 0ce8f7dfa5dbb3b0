import { describe, expect, test } from 'vitest';
import { BodyReader } from '../../../../src/sidecars/egress/http1/body-reader.ts';
import { HeadBuffer } from '../../../../src/sidecars/egress/http1/head-buffer.ts';
import { headerText } from '../../../../src/sidecars/egress/http1/message-writer.ts';
import {
  parseRequestHead,
  type RequestHead,
} from '../../../../src/sidecars/egress/http1/request-head.ts';
import { parseResponseHead } from '../../../../src/sidecars/egress/http1/response-head.ts';
import { LIMITS, type Limits } from '../../../../src/sidecars/egress/limits.ts';
import { fuzz, piecesOf } from './mutation.ts';

const SMALL: Limits = { ...LIMITS, headBytes: 2000, headerLines: 30, urlLength: 300 };
const WORDS = [
  ...['\r\n', '\n', '\r', '\r\n\r\n', ' ', '\t', '\0', ':', ',', ';'],
  ...[
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Host: other.test\r\n',
    'Connection: close\r\n',
  ],
  ...[
    'HTTP/1.1',
    'HTTP/1.0',
    'HTTP/2.0',
    'CONNECT',
    'GET ',
    '0\r\n\r\n',
    'ffffffffffff',
    '-1',
    '0x5',
    '\xa0',
    '\x85',
  ],
];

describe('the head of a request', () => {
  test('is read alike in whatever pieces it comes, and means one thing', () => {
    fuzz('request-head', WORDS, (input, cuts) => {
      const whole = read([input]);
      expect(read(piecesOf(input, cuts))).toEqual(whole);
      if (typeof whole === 'string') return;
      const { method, target, minorVersion, headers, framing } = whole.head;
      expect(method + target).not.toMatch(/[^\x21-\x7e\x80-\xff]/);
      for (const text of headers) expect(text).not.toMatch(/[\r\n\0]/);
      const line = `${method} ${target} HTTP/1.${minorVersion}\r\n`;
      expect(parseRequestHead(line + headerText(headers), SMALL)).toEqual({
        ok: true,
        head: whole.head,
      });
      const names = headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
      const lengths = names.filter((name) => /^(?:content-length|transfer-encoding)$/.test(name));
      expect(lengths.length).toBeLessThan(2);
      if (framing.kind !== 'none') expect(lengths).toHaveLength(1);
    });
  });

  function read(
    pieces: readonly Buffer[],
  ): { readonly head: RequestHead; readonly rest: string } | 'incomplete' | 'refused' {
    const buffer = new HeadBuffer(SMALL.headBytes);
    for (const [index, piece] of pieces.entries()) {
      const taken = buffer.take(piece);
      if (taken.kind === 'incomplete') continue;
      if (taken.kind !== 'head') return 'refused';
      const parsed = parseRequestHead(taken.text, SMALL);
      if (!parsed.ok) return 'refused';
      const rest = Buffer.concat([taken.rest, ...pieces.slice(index + 1)]);
      return { head: parsed.head, rest: rest.toString('latin1') };
    }
    return 'incomplete';
  }
});

test('the head of an answer means one thing, or nothing', () => {
  fuzz('response-head', WORDS, (input) => {
    const text = input.toString('latin1');
    for (const method of ['GET', 'HEAD']) {
      const head = parseResponseHead(text, method);
      if (head === null) continue;
      for (const each of head.headers) expect(each).not.toMatch(/[\r\n\0]/);
      expect(head.status).toBeGreaterThanOrEqual(100);
      const line = text.slice(0, text.indexOf('\r\n') + 2);
      expect(parseResponseHead(line + headerText(head.headers), method)).toEqual(head);
      if (method === 'HEAD') expect(head.framing.kind).toBe('none');
    }
  });
});

describe('a chunked body with its trailers', () => {
  test.for([true, false])(
    'is read alike in whatever pieces it comes; extensions allowed: %s',
    (mayExtend) => {
      fuzz('chunked', WORDS, (input, cuts) => {
        const whole = read([input], mayExtend);
        const piecewise = read(piecesOf(input, cuts), mayExtend);
        expect({ ...piecewise, data: '' }).toEqual({ ...whole, data: '' });
        if (!whole.isBroken) expect(piecewise.data).toBe(whole.data);
        for (const text of whole.trailers ?? []) expect(text).not.toMatch(/[\r\n\0]/);
      });
    },
  );

  interface ReadBody {
    readonly data: string;
    readonly trailers: readonly string[] | null;
    readonly rest: string;
    readonly isBroken: boolean;
  }

  function read(pieces: readonly Buffer[], mayExtend: boolean): ReadBody {
    let data = '';
    let trailers: readonly string[] | null = null;
    let rest = '';
    const events = {
      onData: (chunk: Buffer) => {
        data += chunk.toString('latin1');
      },
      onEnd: (read: readonly string[]) => {
        trailers = read;
      },
    };
    const reader = new BodyReader({ kind: 'chunked' }, events, mayExtend);
    try {
      for (const piece of pieces) {
        rest += (reader.hasEnded ? piece : reader.take(piece)).toString('latin1');
      }
    } catch (error) {
      // Its own words, not an accident of ours.
      expect((error as Error).constructor).toBe(Error);
      return { data, trailers: null, rest: '', isBroken: true };
    }
    return { data, trailers, rest, isBroken: false };
  }
});
