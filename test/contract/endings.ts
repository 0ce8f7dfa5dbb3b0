import { describe, expect, it } from 'vitest';
import { type BackendUnderTest, sharesFiles } from './backend-under-test.ts';
import { bottleUnderTest, observed } from './bottle-under-test.ts';

/** How an agent ended, and what it leaves. */
export function endingsContract(under: BackendUnderTest): void {
  describe('endings', () => {
    it.each([
      ['exit 0', 0],
      ['exit 3', 3],
      ['kill -KILL $$', 137],
    ])(
      'after %s the code is %i, and what was written is kept and there at the next start',
      async (end, code) => {
        const left = `${under.keptFolder}/left`;
        const command = ['sh', '-c', `echo run >> ${left}; ${end}`];
        await using bottle = bottleUnderTest(under, 'dev', { agent: { command } });
        const backend = under.open();
        const agent = bottle.ref('agent');
        const ended = async () => {
          const seen = await observed(under.open(), bottle);
          return [seen.agent?.state, seen.agent?.exitCode];
        };
        const kept = async () =>
          Buffer.from((await backend.copyOut(agent, left, 100)) ?? []).toString();
        await bottle.up(backend);
        await expect.poll(ended).toEqual(['exited', code]);
        if (sharesFiles(under)) expect(await kept()).toBe('run\n');
        await backend.stop(agent, 1_000);
        expect(await ended()).toEqual(['exited', code]);
        await backend.start(agent);
        await expect.poll(ended).toEqual(['exited', code]);
        if (sharesFiles(under)) expect(await kept()).toBe('run\nrun\n');
      },
    );
  });
}
