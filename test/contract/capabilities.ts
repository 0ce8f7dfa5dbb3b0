import { describe, expect, it } from 'vitest';
import { type BackendUnderTest, uniqueFleet } from './backend-under-test.ts';
import { bottleUnderTest, shell } from './bottle-under-test.ts';
import { documentedColumn, saysOf } from './capability-table.ts';

/** What a backend declares is what it does, and what the page of the backends says of it. */
export function capabilitiesContract(under: BackendUnderTest): void {
  const { capabilities } = under.open();
  const refused = { name: 'BackendError', code: 'not-supported', hint: expect.any(String) };

  describe('capabilities', () => {
    it('are those of its column in docs/reference/backends.md', async () => {
      expect(await documentedColumn(under.open().name)).toEqual(saysOf(capabilities));
    });

    it(`an image from a Dockerfile is ${made(capabilities.capabilityChange)}`, async () => {
      const backend = under.open();
      const reference = `bb/test-built:${uniqueFleet()}`;
      const build = {
        reference,
        dockerfile: `FROM ${under.image}\nENV BUILT=1\nRUN echo "made $BUILT" > /made\n`,
        buildArgs: {},
        context: new Map(),
      };
      const ensure = () => backend.ensureImage(build, () => undefined);
      if (!capabilities.capabilityChange) return expect(ensure()).rejects.toMatchObject(refused);
      await ensure();
      await ensure();
      await using bottle = bottleUnderTest(under, 'dev', { agent: { image: reference } });
      await bottle.up(backend);
      if (!under.runsPrograms) return;
      expect(await shell(backend, bottle.ref('agent'), 'cat /made; echo $BUILT')).toBe('made 1\n1');
    }, 60_000);

    it(`an image of a container is ${made(capabilities.freeze)}`, async () => {
      const backend = under.open();
      const reference = `bb/test-saved:${uniqueFleet()}`;
      await using bottle = bottleUnderTest(under);
      for (const step of bottle.making) await step(backend);
      const save = () => backend.snapshot(bottle.ref('agent'), reference);
      if (!capabilities.freeze) return expect(save()).rejects.toMatchObject(refused);
      await save();
      await using again = bottleUnderTest(under, 'again', { agent: { image: reference } });
      for (const step of again.making) await step(backend);
    }, 60_000);
  });
}

function made(can: boolean): string {
  return can ? 'made' : 'refused with what to do';
}
