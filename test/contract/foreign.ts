import { describe, expect, it } from 'vitest';
import { runtimeName } from '../../src/model/component.ts';
import type { BackendUnderTest } from './backend-under-test.ts';
import { bottleUnderTest, observed } from './bottle-under-test.ts';

/** What is not ours is reported and never touched. */
export function foreignContract(under: BackendUnderTest): void {
  const { makeForeign } = under;
  const { internalNetwork } = under.open().capabilities;
  describe('foreign things', () => {
    it('a container of our name that is not ours is reported, kept and in the way', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      const name = runtimeName(bottle.ref('agent'));
      {
        await using _foreign = await makeForeign('container', name);
        const before = await observed(backend, bottle);
        expect(before.observation.foreign).toEqual([{ kind: 'container', name }]);
        expect(before.bottle).toBeUndefined();
        await backend.createNetwork(bottle.internal);
        const taken = { code: 'name-taken' };
        await expect(backend.createContainer(bottle.agent, {})).rejects.toMatchObject(taken);
        await expect(backend.start(bottle.ref('agent'))).rejects.toMatchObject(taken);
        await expect(backend.stop(bottle.ref('agent'), 0)).rejects.toMatchObject(taken);
        await expect(backend.remove(bottle.ref('agent'))).rejects.toMatchObject(taken);
        const request = { argv: ['true'], user: null, timeoutMs: 5_000 };
        await expect(backend.exec(bottle.ref('agent'), request)).rejects.toMatchObject(taken);
        expect((await observed(backend, bottle)).observation.foreign).toEqual([
          { kind: 'container', name },
        ]);
      }
      await backend.createContainer(bottle.agent, {});
      expect((await observed(backend, bottle)).agent?.state).toBe('created');
    });

    if (!internalNetwork) return;
    it('a network of our name that is not ours is reported, kept and in the way', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      const name = runtimeName(bottle.ref('internal-network'));
      await using _foreign = await makeForeign('network', name);
      expect((await observed(backend, bottle)).observation.foreign).toEqual([
        { kind: 'network', name },
      ]);
      const taken = { code: 'name-taken' };
      await expect(backend.createNetwork(bottle.internal)).rejects.toMatchObject(taken);
      await expect(backend.remove(bottle.ref('internal-network'))).rejects.toMatchObject(taken);
      expect((await observed(backend, bottle)).observation.foreign).toHaveLength(1);
    });
  });
}
