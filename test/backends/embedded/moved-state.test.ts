import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bottleUnderTest, observed, shell } from '../../contract/bottle-under-test.ts';
import { embeddedUnder } from '../../engines/embedded-under.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();
const folder = mkdtempSync(join(tmpdir(), 'bb-moved-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(embedded.kind === 'none')('embedded: a state directory that was moved', () => {
  it('has its bottles, which run on and can be replaced one part after the other', async () => {
    const [before, after] = [join(folder, 'before'), join(folder, 'after')];
    const old = bottleUnderTest(await embeddedUnder(before));
    await old.up((await embeddedUnder(before)).open());
    renameSync(before, after);
    const under = await embeddedUnder(after);
    await using bottle = bottleUnderTest(under, 'dev', { fleet: old.fleet });
    const backend = under.open();
    expect((await observed(backend, bottle)).agent?.state).toBe('running');
    for (const part of ['agent', 'sidecars'] as const) {
      await backend.stop(bottle.ref(part), 0);
      await backend.remove(bottle.ref(part));
      await backend.createContainer(bottle[part], {});
    }
    for (const part of ['sidecars', 'agent'] as const) await backend.start(bottle.ref(part));
    expect(await shell(backend, bottle.ref('agent'), 'echo there')).toBe('there');
    const { agent, sidecars } = await observed(backend, bottle);
    expect([agent?.state, sidecars?.state]).toEqual(['running', 'running']);
  });
});
