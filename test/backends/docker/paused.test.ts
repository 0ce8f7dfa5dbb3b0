import { describe, expect, it } from 'vitest';
import { runtimeName } from '../../../src/model/component.ts';
import { bottleUnderTest, observed, shell } from '../../contract/bottle-under-test.ts';
import { dockerUnderTest } from '../../engines/docker-under-test.ts';

const engine = await dockerUnderTest();

if (engine.kind === 'none') describe.skip(`docker: paused (${engine.reason})`);
else {
  const { docker, under } = engine;
  describe('docker: a container that somebody paused', () => {
    it('goes on where it was when it is started, and a second start changes nothing', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      const agent = bottle.ref('agent');
      await bottle.up(backend);
      await shell(backend, agent, 'echo kept > /tmp/file');
      await docker.getContainer(runtimeName(agent)).pause();
      const before = await observed(backend, bottle);
      expect(before.agent?.state).toBe('paused');
      await backend.start(agent);
      await backend.start(agent);
      expect((await observed(backend, bottle)).agent).toMatchObject({
        ...{ id: before.agent?.id, state: 'running' },
      });
      expect(await shell(backend, agent, 'cat /tmp/file')).toBe('kept');
    });
  });
}
