import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEALINGS, ENCODINGS, type Encoding } from './encodings.ts';
import { found, scannerOf } from './scanners.ts';

const SECRET = 's3cr3t-Hunter2-of/the+suite';
const OTHER = 'an0ther-Value-of_no=interest';
const scanner = scannerOf({ api: SECRET });
const SEEN = ['known_secrets api'];

describe('a secret that the sidecar holds is found', () => {
  const ways = [
    ...Object.entries(ENCODINGS).map(([name, outer]) => ({ name, outer, places: PLACES })),
    ...Object.entries(DEALINGS).map(([name, outer]) => ({ name, outer, places: [WHOLE] })),
  ];
  for (const { name, outer, places } of ways) {
    test(`as ${name}, over every other encoding, wherever it begins`, async () => {
      for (const [innerName, inner] of Object.entries(ENCODINGS)) {
        for (const place of places) {
          const sent = (value: string) => place(outer(inner(value)));
          expect(await found(scanner, sent(SECRET)), innerName).toEqual(SEEN);
          expect(await found(scanner, sent(OTHER)), innerName).toEqual([]);
        }
      }
    });
  }

  test('in other letters, as the name of a host has them', async () => {
    expect(await found(scanner, SECRET.toLowerCase())).toEqual(SEEN);
    expect(await found(scanner, SECRET.toUpperCase())).toEqual(SEEN);
    const labels = base32(SECRET).match(/.{1,20}/g) ?? [];
    expect(await found(scanner, `${labels.join('.')}.example.test`)).toEqual(SEEN);
    expect(await found(scanner, `${base32(OTHER)}.example.test`)).toEqual([]);
  });

  test('in any text, under any two encodings, whatever its value is', async () => {
    const encoding = fc.constantFrom(...Object.values(ENCODINGS));
    const value = fc.string({ unit: 'grapheme-ascii', minLength: 12, maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(
        value,
        encoding,
        encoding,
        AROUND,
        AROUND,
        async (raw, inner, outer, before, after) => {
          fc.pre(raw.replace(/[^a-z0-9]/gi, '').length >= 10);
          const own = scannerOf({ api: raw });
          const sent = `${before} ${outer(inner(raw.trim()))} ${after}`;
          expect(await found(own, sent)).toEqual(SEEN);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('when it is long, by any larger part of it', async () => {
    const long = randomBytes(600).toString('base64');
    const own = scannerOf({ api: long });
    expect(await found(own, `x${long.slice(150, 500)}`)).toEqual(SEEN);
    expect(await found(own, Buffer.from(long).toString('hex'))).toEqual(SEEN);
    expect(await found(own, randomBytes(600).toString('base64'))).toEqual([]);
  });

  test('in a zip file, and what cannot be opened is told from what can', async () => {
    expect(await found(scanner, zip(SECRET, 0x0000))).toEqual(SEEN);
    expect(await found(scanner, zip(OTHER, 0x0000))).toEqual([]);
    expect(await found(scanner, zip(OTHER, 0x0001))).toEqual(['undecodable compressed']);
  });
});

test('gzip that expands without end is not passed unseen; of damaged gzip, what can be had is seen', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString('base64');
  expect(await found(scanner, `{"data":"${bomb}"}`)).toEqual(['undecodable compressed']);
  const damaged = Buffer.concat([gzipSync(`${SECRET} ${randomBytes(400).toString('hex')}`)]);
  damaged.fill(0xff, 200);
  expect(await found(scanner, damaged.toString('base64'))).toEqual(SEEN);
  expect(await found(scanner, gzipSync('x'.repeat(1_000_000)).toString('base64'))).toEqual([]);
});

describe('one part is not taken for another that was looked at', () => {
  const parts = (...all: readonly (string | Buffer)[]) =>
    Buffer.concat(all.flatMap((part) => [Buffer.from('then '), gzipSync(part)]));

  test('a long one for its digest', async () => {
    const long = `${SECRET}${' and more'.repeat(10_000)}`;
    const digest = createHash('blake2b512').update(long, 'utf16le').digest('base64');
    expect(await found(scanner, parts(digest, long))).toEqual(SEEN);
    expect(await found(scanner, parts(digest, long.replace(SECRET, OTHER)))).toEqual([]);
  });

  const widened = (letter: string) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0);

  test('bytes for a text of the same characters', async () => {
    const bytes = (secret: string) =>
      Buffer.concat([Buffer.of(0xff), Buffer.from(secret.replace(/./g, widened))]);
    const both = (secret: string) => parts(bytes(secret).toString('latin1'), bytes(secret));
    expect(await found(scanner, both(SECRET))).toEqual(SEEN);
    expect(await found(scanner, both(OTHER))).toEqual([]);
  });
});

test('many secrets are found in one pass, each under its name', async () => {
  const values = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`secret-${index}`, randomBytes(20).toString('hex')]),
  );
  const own = scannerOf(values);
  for (const [name, value] of Object.entries(values)) {
    expect(await found(own, Buffer.from(`x${value}`).toString('base64'))).toEqual([
      `known_secrets ${name}`,
    ]);
  }
});

test('a value that is a short word is not looked for', async () => {
  expect(await found(scannerOf({ api: 'letmein' }), 'letmein')).toEqual([]);
  expect(await found(scannerOf({ api: 'letmein1' }), 'letmein1')).toEqual(SEEN);
});

test('random text is not taken for a secret', async () => {
  const own = scannerOf({ api: randomBytes(9).toString('base64'), short: 'aB3dE6gH' });
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 2_000 }), async (text) => {
      expect(await found(own, text)).toEqual([]);
    }),
    { numRuns: 300 },
  );
  expect(await found(own, randomBytes(200_000).toString('base64'))).toEqual([]);
});

const WHOLE: Encoding = (text) => text;
const PLACES: readonly Encoding[] = [
  WHOLE,
  (text) => `x${text}`,
  (text) => `xy${text} and more`,
  (text) => `xyz.${text}`,
  (text) => JSON.stringify({ model: 'm', messages: [{ role: 'user', content: text }] }),
];

const AROUND = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });

/** One deflated entry. */
function zip(content: string, flags: number): Buffer {
  const header = Buffer.alloc(30);
  header.write('PK\x03\x04', 'latin1');
  header.writeUInt16LE(flags, 6);
  header.writeUInt16LE(8, 8);
  header.writeUInt16LE(5, 26);
  const deflated = gzipSync(content).subarray(10, -8);
  return Buffer.concat([header, Buffer.from('a.txt'), deflated]);
}

function base32(text: string): string {
  const bits = [...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group.padEnd(5, '0'), 2)])
    .join('');
}
