import { describe, expect, test } from 'vitest';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import { onEngine } from '../scenario/engine.ts';
import { type FleetOptions, fleetUnderTest } from '../scenario/fleet-under-test.ts';
import { dieInLives } from './lives.ts';
import { STAGES, stagesWithImage } from './stages.ts';

const TITLE =
  'a process that is killed while it makes, changes and removes a bottle leaves nothing over';
const ONE_LIFE_MS = 60_000;

/** Declares the lives of a bottle in each place, `rounds` of them with deaths. `name` is the file's own. */
export async function declareLives(name: string, rounds: number): Promise<void> {
  const declare = (place: string, options: FleetOptions) =>
    test(`${place}: ${TITLE}`, { timeout: ONE_LIFE_MS * (rounds + 1) }, async () => {
      await using fleet = await fleetUnderTest({ ...options, texts: { instances: '[]' } });
      const mark = fleet.name;
      const stages = options.engine === null ? STAGES : await stagesWithImage(mark);
      expect(await dieInLives(fleet, stages, { rounds, mark })).toBeGreaterThan(rounds * 2);
    });
  const embedded = await embeddedUnderTest();
  if (embedded.kind === 'none') describe.skip(`embedded: ${TITLE} (${embedded.reason})`);
  else declare('embedded', { engine: null, isEmbedded: true });
  await onEngine(name, (engine) => declare('docker', { engine }));
}
