import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { baseImages } from '../../../src/backends/docker/base-images.ts';
import { type Frame, FrameReader } from '../../../src/backends/docker/frames.ts';
import { LineSplitter } from '../../../src/backends/docker/lines.ts';
import { readProgress } from '../../../src/backends/docker/progress-stream.ts';

/** `bytes` cut at random places. */
function pieces(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const at = [
    0,
    ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return at
    .slice(1)
    .map((end, index) => bytes.subarray(at[index], end))
    .filter(({ length }) => length > 0);
}

function framed(stream: number, content: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}

async function read(chunks: readonly Buffer[]) {
  const out = { stdout: '', stderr: '' };
  const frames = Readable.from(chunks, { objectMode: false }).pipe(new FrameReader());
  for await (const { stream, content } of frames as AsyncIterable<Frame>) {
    out[stream] += content.toString('latin1');
  }
  return out;
}

describe('docker: bytes of an engine', () => {
  it('frames come out whole however the stream is cut', async () => {
    const texts = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })));
    await fc.assert(
      fc.asyncProperty(texts, fc.array(fc.nat(), { maxLength: 12 }), async (parts, cuts) => {
        const bytes = Buffer.concat(
          parts.map(([stream, text]) => framed(stream, Buffer.from(text))),
        );
        const expected = { stdout: '', stderr: '' };
        for (const [stream, text] of parts) {
          expected[stream === 2 ? 'stderr' : 'stdout'] += Buffer.from(text).toString('latin1');
        }
        expect(await read(pieces(bytes, cuts))).toEqual(expected);
      }),
    );
  });

  it('a stream that ends inside a frame is an error', async () => {
    await expect(read([framed(1, Buffer.from('whole')), Buffer.from([1, 0, 0])])).rejects.toThrow(
      'inside a frame',
    );
  });

  it('lines come out whole however the bytes are cut, also inside a character', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat()), (texts, cuts) => {
        const lines = texts.map((text) => text.replace(/[\r\n]/g, ''));
        const splitter = new LineSplitter();
        const got = pieces(Buffer.from(`${lines.join('\n')}\n`), cuts).flatMap((piece) =>
          splitter.take(piece),
        );
        expect([...got, ...splitter.end()]).toEqual(lines.length === 0 ? [''] : lines);
      }),
    );
  });

  it('a failure among the progress of a build is found, also as the old kind, and broken JSON is shown', async () => {
    const outcome = (text: string) =>
      readProgress(Readable.from([Buffer.from(text)]), () => undefined);
    expect(
      await outcome('{"stream":"a\\nb\\n"}\nnot json\n{"errorDetail":{"message":"why"}}\n'),
    ).toEqual({
      error: 'why',
      tail: ['a', 'b', 'not json', 'why'],
    });
    expect((await outcome('{"error":"old"}')).error).toBe('old');
    expect((await outcome('{"stream":"fine"}')).error).toBeNull();
  });

  it.each([
    ['FROM a:1', ['a:1']],
    [`ARG BASE=b:2\nFROM \${BASE}`, ['given:1']],
    ['ARG OTHER=b:2\nFROM $OTHER AS one\nFROM one\nCOPY --from=one /a /a', ['b:2']],
    ['FROM --platform=linux/amd64 a\nCOPY --from=c:3 /x /x\nCOPY --from=0 /y /y', ['a', 'c:3']],
    ['# FROM no\nfrom scratch\nCOPY a \\\n  b', []],
    [`FROM \${MISSING:-d:4}`, ['d:4']],
  ])('the images that %j needs', (dockerfile, images) => {
    expect(baseImages(dockerfile, { BASE: 'given:1' })).toEqual(images);
  });
});
