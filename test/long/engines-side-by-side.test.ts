import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startPrivateEngine } from '../../scripts/engine/private-engine.ts';
import { bottleUnderTest, observed } from '../contract/bottle-under-test.ts';
import { dockerUnderTest } from '../engines/docker-under-test.ts';

const engine = await dockerUnderTest();

if (engine.kind === 'none') describe.skip(`engines side by side (${engine.reason})`);
else {
  const { under } = engine;
  describe.skipIf(process.getuid?.() !== 0)('engines side by side', () => {
    it('one that comes and goes leaves the bottles and networks of the other alone', async () => {
      await using before = bottleUnderTest(under, 'before');
      const backend = under.open();
      await before.up(backend);
      {
        await using _second = await startPrivateEngine({
          folder: await mkdtemp(join(tmpdir(), 'bb-engine-')),
          programs: process.env['BB_TEST_ENGINE_PROGRAMS'] ?? null,
          runtimes: {},
        });
        await using during = bottleUnderTest(under, 'during');
        await during.up(backend);
        expect((await observed(backend, during)).agent?.state).toBe('running');
      }
      await using after = bottleUnderTest(under, 'after');
      await after.up(backend);
      expect((await observed(backend, after)).agent?.state).toBe('running');
      expect((await observed(backend, before)).agent?.state).toBe('running');
    });
  });
}
