import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runtimeName } from '../../../src/model/component.ts';
import { bottleUnderTest, shell } from '../../contract/bottle-under-test.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();
const agent = { workdir: '/home/agent/work' };
const SAYING = 'touch ~/left ~/work/left && stat -c %U ~ ~/work && ls -A ~ ~/work';

describe.skipIf(embedded.kind === 'none')('embedded: the home of a bottle', () => {
  if (embedded.kind === 'none') return;
  const { under, directory } = embedded;

  it.each([
    ['nothing', null],
    ['the folder alone', ''],
    ['the folder and its workdir, of nobody yet', 'work'],
  ])('whose making was cut off after %s is made whole at the next start', async (_what, left) => {
    await using whole = bottleUnderTest(under, 'dev', { agent });
    await using bottle = bottleUnderTest(under, 'dev', { agent });
    const backend = under.open();
    const home = join(directory, 'roots', runtimeName(bottle.ref('agent')), 'home');
    if (left !== null) {
      mkdirSync(dirname(home), { recursive: true, mode: 0o700 });
      mkdirSync(join(`${home}-unfinished`, left), { recursive: true, mode: 0o755 });
    }
    await whole.up(backend);
    await bottle.up(backend);
    const expected = await shell(backend, whole.ref('agent'), SAYING);
    expect(expected).toContain('left');
    expect(await shell(backend, bottle.ref('agent'), SAYING)).toBe(expected);
  });
});
