import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DEALINGS, ENCODINGS } from '../sidecars/egress/dlp/encodings.ts';
import { type AttackedFleet, SECRET } from './attacked-fleet.ts';
import { GUARDED } from './attacked-upstreams.ts';
import { HTTP2_CLIENT } from './http2-client.ts';
import { inside } from './inside.ts';
import { HARMLESS } from './leak-attacks.ts';

/** One stream, in place of `GET /h2`. */
interface Stream {
  readonly headers?: { readonly [name: string]: string | readonly string[] };
  /** A frame each. */
  readonly pieces?: readonly string[];
  readonly trailers?: { readonly [name: string]: string };
}

const POST = { ':method': 'POST' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const LEAKS: { readonly [name: string]: (text: string) => Stream } = {
  ...Object.fromEntries(
    Object.entries({ ...ENCODINGS, ...DEALINGS }).map(([name, encode]) => [
      `in a body, as ${name}`,
      (text: string) => ({ headers: POST, pieces: [encode(text)] }),
    ]),
  ),
  'in a body of frames of one letter': (text) => ({ headers: POST, pieces: [...text] }),
  'in a body in gzip': (text) => ({
    headers: { ...POST, 'content-encoding': 'gzip' },
    pieces: [gzipSync(text).toString('latin1')],
  }),
  'after a mebibyte of other text': (text) => ({
    headers: POST,
    pieces: ['x '.repeat(2 ** 19), text],
  }),
  'in trailers': (text) => ({ headers: POST, pieces: ['x'], trailers: { 'x-note': text } }),
  'in trailers of nothing': (text) => ({ headers: POST, trailers: { 'x-note': base64(text) } }),
  'in the path': (text) => ({ headers: { ':path': `/h2/${text}` } }),
  'in the query': (text) => ({ headers: { ':path': `/h2?a=${base64(text)}` } }),
  'in the value of a header': (text) => ({ headers: { 'x-note': text } }),
  'in the name of a header': (text) => ({ headers: { [text]: 'note' } }),
  'in the values of one header that is sent again and again': (text) => ({
    headers: { 'x-note': text.match(/.{1,6}/g) ?? [] },
  }),
  'in crumbs of a cookie': (text) => ({ headers: { cookie: text.match(/.{1,6}/g) ?? [] } }),
};

/** A secret that the agent got somehow, sent over HTTP/2 to where it may send anything but that. */
export function http2LeakAttacks(attacked: () => AttackedFleet): void {
  describe('a secret over HTTP/2', () => {
    const names = Object.keys(LEAKS);
    const run = async (): Promise<readonly string[]> => {
      const asks = Object.entries(LEAKS).flatMap(([name, leak]) => [
        { name, ...leak(SECRET) },
        { name: `twin ${name}`, ...leak(HARMLESS) },
      ]);
      const source = `${HTTP2_CLIENT}const asks = ${JSON.stringify(asks)};\n${PROGRAM}`;
      const answers = await inside<{ readonly [name: string]: string }>(
        attacked().fleet,
        'node',
        source,
      );
      return names
        .filter((name) => answers[name] !== '403' || answers[`twin ${name}`] !== '200')
        .map((name) => `${name}: ${answers[name]}, twin: ${answers[`twin ${name}`]}`);
    };

    test('is refused wherever it stands, the same without it passes', async () => {
      expect(await run()).toEqual([]);
    });

    test('is refused while the table is replaced again and again', async () => {
      const found: string[] = [];
      await attacked().whileReloading(async (reloads) => {
        while (reloads() < 2) found.push(...(await run()));
      });
      expect(found).toEqual([]);
    }, 120_000);

    test('did not arrive, and what is no secret did', () => {
      const arrived = attacked().arrived.filter(({ line }) => line.includes('/h2'));
      expect(arrived.length).toBeGreaterThan(names.length - 1);
      expect(JSON.stringify(arrived)).not.toMatch(/hunter2/i);
    });
  });
}

/** On one connection, all at a time. */
const PROGRAM = `
const target = '${GUARDED}';
const session = await open({ target });
const answers = {};
await Promise.all(asks.map(async ({ name, headers, pieces, trailers }) => {
  const head = { ':authority': target, ':path': '/h2', ...headers };
  answers[name] = await ask(session, head, { pieces, trailers });
}));
session.destroy();
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
`;
