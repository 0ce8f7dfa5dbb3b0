import { expect, test } from 'vitest';
import { decodeBody } from '../../../../src/sidecars/egress/dlp/content-coding.ts';
import { findings, found, scannerOf } from '../dlp/scanners.ts';
import { FUZZ_TIMEOUT_MS, fuzzAsync } from './mutation.ts';

const SECRET = 's3cr3t-Hunter2-of-the-suite';
const WORDS = [
  ...['%', '%25', '&#', ';', '\\u', '\\x', '=', '==', '"', '{', '}', '[', ']', ',', ':', '\0'],
  ...['\x1f\x8b\x08\0\0\0\0\0\0\x03', 'PK\x03\x04', 'PK\x01\x02', '\r\n--edge', '\xff\xfe', '-'],
];

test(
  'whatever stands around a secret hides it not, and is never too much to look into',
  async () => {
    const scanner = scannerOf({ api: SECRET });
    await fuzzAsync('looked-into', WORDS, async (input, cuts) => {
      expect(Array.isArray(await findings(scanner, input))).toBe(true);
      const at = (cuts[0] ?? 0) % (input.length + 1);
      const whole = [input.subarray(0, at), ' ', SECRET, ' ', input.subarray(at)];
      const with_ = Buffer.concat(whole.map((part) => Buffer.from(part)));
      expect((await found(scanner, with_)).length).toBeGreaterThan(0);
    });
  },
  FUZZ_TIMEOUT_MS,
);

test(
  'a coding of a body is undone and done again, or is refused',
  async () => {
    await fuzzAsync('coded-bodies', WORDS, async (input) => {
      for (const coding of [['gzip'], ['deflate'], ['br'], ['zstd'], ['gzip, gzip']]) {
        const decoded = await decodeBody(input, coding);
        if (decoded === null) continue;
        const again = await decodeBody(await decoded.encode(decoded.bytes), coding);
        expect(again?.bytes.equals(decoded.bytes)).toBe(true);
      }
    });
  },
  FUZZ_TIMEOUT_MS,
);
