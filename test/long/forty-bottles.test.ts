import { describe, expect, it } from 'vitest';
import { uniqueFleet } from '../contract/backend-under-test.ts';
import { bottleUnderTest, observed } from '../contract/bottle-under-test.ts';
import { dockerUnderTest } from '../engines/docker-under-test.ts';

const engine = await dockerUnderTest();

if (engine.kind === 'none') describe.skip(`docker: forty bottles (${engine.reason})`);
else {
  const { under } = engine;
  describe('docker: forty bottles', () => {
    it('come up at once, more networks than the default pools of an engine have', async () => {
      const fleet = uniqueFleet();
      const backend = under.open();
      const bottles = Array.from({ length: 40 }, (_, index) =>
        bottleUnderTest(under, `b${index}`, { fleet }),
      );
      try {
        const began = performance.now();
        await Promise.all(bottles.map((bottle) => bottle.up(backend)));
        console.log(`forty bottles: ${Math.round(performance.now() - began)} ms`);
        const [first] = bottles;
        if (first === undefined) throw new Error('no bottles');
        const { observation } = await observed(backend, first);
        expect(observation.bottles).toHaveLength(40);
        const states = observation.bottles.flatMap(({ containers }) => containers);
        expect(states.filter(({ state }) => state === 'running')).toHaveLength(80);
      } finally {
        await Promise.all(bottles.map((bottle) => bottle[Symbol.asyncDispose]()));
      }
    }, 240_000);
  });
}
