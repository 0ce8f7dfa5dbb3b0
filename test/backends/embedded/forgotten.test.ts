import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endForgotten } from '../../../src/backends/embedded/forgotten.ts';
import { embeddedLayout } from '../../../src/backends/embedded/layout.ts';
import { isAlive, type ProcessIdentity } from '../../../src/backends/embedded/process-table.ts';
import { readRun } from '../../../src/backends/embedded/records.ts';
import { type Component, runtimeName } from '../../../src/model/component.ts';
import { bottleUnderTest } from '../../contract/bottle-under-test.ts';
import { embeddedUnder } from '../../engines/embedded-under.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();
const directory = mkdtempSync(join(tmpdir(), 'bb-forgotten-'));
const layout = embeddedLayout(directory);
afterAll(() => rmSync(directory, { recursive: true }));

describe.skipIf(embedded.kind === 'none')('embedded: an older copy of the books', () => {
  it('what was started since is ended, unless somebody begins it now or a run cannot be read; what is in them lives on', async () => {
    const under = await embeddedUnder(directory);
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    await bottle.up(backend);
    const pathOf = (component: Component) => layout.run(runtimeName(bottle.ref(component)));
    const initOf = (component: Component): ProcessIdentity => {
      const run = readRun(pathOf(component));
      if (run === null) throw new Error(`${component} is in no books`);
      return run.init;
    };
    const copy = join(directory, 'copy');
    copyFileSync(pathOf('agent'), copy);
    await backend.stop(bottle.ref('agent'), 0);
    await backend.start(bottle.ref('agent'));
    const [agent, sidecars] = [initOf('agent'), initOf('sidecars')];
    copyFileSync(copy, pathOf('agent'));

    endForgotten(layout, 60_000);
    expect([agent, sidecars].map(isAlive)).toEqual([true, true]);
    const unreadable = layout.run('bb-home-other-agent');
    writeFileSync(unreadable, '');
    endForgotten(layout, 0);
    expect([agent, sidecars].map(isAlive)).toEqual([true, true]);
    rmSync(unreadable);
    endForgotten(layout, 0);
    await expect.poll(() => isAlive(agent)).toBe(false);
    expect(isAlive(sidecars)).toBe(true);
  });
});
