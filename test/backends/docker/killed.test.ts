import { describe, expect, it, onTestFinished } from 'vitest';
import { runtimeName } from '../../../src/model/component.ts';
import { bottleUnderTest, observed } from '../../contract/bottle-under-test.ts';
import { dockerUnderTest } from '../../engines/docker-under-test.ts';

const engine = await dockerUnderTest();

if (engine.kind === 'none') describe.skip(`docker: killed (${engine.reason})`);
else {
  const { docker, under } = engine;
  describe('docker: a container that somebody killed', () => {
    it('is seen by who looks at every hint and never else, each time', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      const agent = bottle.ref('agent');
      await bottle.up(backend);
      const seen: (string | undefined)[] = [];
      let looking = Promise.resolve();
      const stop = new AbortController();
      onTestFinished(() => stop.abort());
      const look = async (): Promise<void> => {
        seen.push((await observed(backend, bottle)).agent?.state);
      };
      const lookNow = (): void => {
        looking = looking.then(look);
      };
      backend.watch(bottle.fleet, lookNow, stop.signal);
      for (let kill = 0; kill < 4; kill += 1) {
        await docker.getContainer(runtimeName(agent)).kill();
        await expect.poll(() => seen.at(-1)).toBe('exited');
        await backend.start(agent);
        await expect.poll(() => seen.at(-1)).toBe('running');
      }
      await looking;
    });
  });
}
