import { expect, test } from 'vitest';
import { egressRoute } from '../../../builders/desired.ts';
import { send } from '../agent-client.ts';
import { startEgress } from '../harness.ts';
import { startUpstream } from '../upstream.ts';
import { findings, found, scannerOf } from './scanners.ts';

const HOST = 'long.example.test';
const SECRET = 's3cr3t-Hunter2-of-the-suite';
const LONGEST = 8 * 1024 * 1024;
const scanner = scannerOf({ api: SECRET });

const percents = (text: string): string =>
  text.replace(/./gs, (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`);

const LONG: readonly (readonly [string, string, (text: string) => string])[] = [
  ['percent escapes', '%4a%25', percents],
  ['percent escapes of percent escapes', '%252525254a', (text) => percents(percents(text))],
  ['backslashes', '\\', (text) => text],
  ['escapes of JSON', '"a\\n\\"\\u00e9",', (text) => `"${text.replaceAll('-', '\\u002d')}"`],
  ['entities', '&amp;&#65;', (text) => text.replaceAll('-', '&#x2d;')],
  ['wide letters', '\uff41\u200b', (text) => [...text].join('\u200b')],
  ['fields of a form that have no value', '&', (text) => text],
  ['beginnings of gzip that is none', 'H4sI ', (text) => text],
];

test.for(LONG)(
  'others have their turn while megabytes of %s are looked at, and a secret after them is found',
  async ([, piece, hide]) => {
    const filler = piece.repeat(2_000_000 / piece.length);
    const hidden = await longestTurnMs(() => found(scanner, `${filler}\n${hide(SECRET)}`));
    expect(hidden.result).toEqual(['known_secrets api']);
    const harmless = `${filler}\n${hide('b0rder-Hunter7-of-the-garden')}`;
    const passed = await longestTurnMs(() => found(scanner, harmless));
    expect(passed.result).toEqual([]);
    expect(Math.max(hidden.turnMs, passed.turnMs)).toBeLessThan(200);
  },
);

test('one byte that is no text does not hide megabytes that are, nor keep them from being sent', async () => {
  const filler = Buffer.from(`\n${'plain text, and more of it. '.repeat(280_000)}`);
  const bytes = (end: string): Buffer => Buffer.concat([Buffer.of(0xff), filler, Buffer.from(end)]);
  expect(await found(scanner, bytes(SECRET))).toEqual(['known_secrets api']);
  expect(await found(scanner, bytes('nothing'))).toEqual([]);
});

test('a stretch of megabytes that looks random is a hint, and no error', async () => {
  const random = await findings(scanner, 'aB3dE6gH9jK2mN5p'.repeat(200_000), ['entropy']);
  expect(random.map(({ detector }) => detector)).toEqual([]);
  const hint = await findings(scanner, 'aB3dE6gH9jK2mN5pQ8rS1tU4vW7x'.repeat(290_000), ['entropy']);
  expect(hint.map(({ detector }) => detector)).toEqual(['entropy']);
});

test('a body of escapes alone, as long as may be, is sent on, and the sidecar lives', async () => {
  await using upstream = await startUpstream([HOST]);
  await using egress = await startEgress({
    routes: [
      egressRoute(HOST, {
        ports: [upstream.port],
        addresses: ['127.0.0.1/32'],
        dlp: { outbound: ['known_secrets', 'token_patterns', 'entropy'], onMatch: 'block' },
      }),
    ],
    upstream: upstream.settings,
    secrets: { api: SECRET },
  });
  const url = `https://${HOST}:${upstream.port}/in`;
  const post = (body: string) => send(egress, url, { method: 'POST', body });
  const { pid } = egress;
  expect((await post('\\'.repeat(LONGEST))).status).toBe(200);
  expect((await post(`${'\\'.repeat(LONGEST - 100)}${SECRET}`)).status).toBe(403);
  expect(egress.pid).toBe(pid);
});

/** What `deed` gives, and the most work (processor time) that it did while nothing else could be done. */
async function longestTurnMs<Result>(
  deed: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly turnMs: number }> {
  let turnMs = 0;
  let isOver = false;
  let last = process.threadCpuUsage();
  const tick = (): void => {
    const { user, system } = process.threadCpuUsage(last);
    turnMs = Math.max(turnMs, (user + system) / 1000);
    last = process.threadCpuUsage();
    if (!isOver) setImmediate(tick);
  };
  const result = await new Promise<Result>((resolve, reject) => {
    setImmediate(() => {
      last = process.threadCpuUsage();
      setImmediate(tick);
      deed().then(resolve, reject);
    });
  });
  isOver = true;
  tick();
  return { result, turnMs };
}
