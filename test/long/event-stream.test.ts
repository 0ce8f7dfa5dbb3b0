import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { clientFleet } from '../clients/client-fleet.ts';
import { embeddedClients } from '../clients/client-place.ts';
import { originOf } from '../clients/upstream-site.ts';
import { eventually } from '../eventually.ts';

const MINUTES = Number(process.env['BB_STREAM_MINUTES'] ?? 10);
/** Longer than egress keeps a connection on which nothing was asked. */
const SILENCE_MS = 90_000;
const PAUSE_MS = 5_000;

const place = await embeddedClients();

test.skipIf(place.kind === 'none')(
  `a stream of events goes on for ${MINUTES} minutes, through a silence and a reload`,
  { timeout: (MINUTES + 5) * 60_000 },
  async () => {
    if (place.kind === 'none') return;
    await using clients = await clientFleet(place);
    const { fleet, upstream } = clients;
    const url = `${originOf('api')}/open/events`;
    const session = fleet.spawn('exec', 'dev', '--', 'curl', '-sS', '-N', url);
    let heard = '';
    session.stdout?.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
    });
    await eventually('the stream is open', () => heard.includes('begun'));
    const endMs = performance.now() + MINUTES * 60_000;
    let number = 0;
    const say = async () => {
      number += 1;
      expect(upstream.tell(`event ${number}`)).toBe(1);
      await eventually(`event ${number} is heard`, () => heard.includes(`event ${number}\n`));
    };
    await say();
    await delay(Math.min(SILENCE_MS, MINUTES * 30_000));
    await say();
    await fleet.repository.commit({
      'desired-state/routes/dev.yaml': 'routes:\n  - host: more.example.test\n',
    });
    await fleet.done('reconcile');
    while (performance.now() < endMs) {
      await say();
      await delay(PAUSE_MS);
    }
    upstream.end();
    expect((await session).exitCode).toBe(0);
    expect(heard.match(/^data: /gm)).toHaveLength(number);
  },
);
