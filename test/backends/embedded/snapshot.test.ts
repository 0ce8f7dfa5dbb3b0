import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runtimeName } from '../../../src/model/component.ts';
import { uniqueFleet } from '../../contract/backend-under-test.ts';
import { bottleUnderTest, shell } from '../../contract/bottle-under-test.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();

/** What an agent may leave to be saved: links out, holes, queues, what nobody may read or write. */
const HOSTILE = `
cd ~
mkdir sealed && echo deep > sealed/inside && chmod 555 sealed
echo hidden > hidden && chmod 000 hidden
ln -s /etc/bb out && ln -s / root && mkfifo queue
truncate -s 1T hole
echo kept > kept && chmod 750 kept
`;

/** What Node's own removal ends at. */
const UNREMOVABLE = `
cd ~
mkdir sealed && echo deep > sealed/inside && chmod 555 sealed
for i in $(seq 60); do
  name=$(printf 'd%.0s' $(seq 200))
  mkdir "$name" && cd -P "$name"
done
`;

describe.skipIf(embedded.kind === 'none')('a home', () => {
  if (embedded.kind === 'none') return;
  const { under, directory } = embedded;

  test('is saved with what an agent left, however it left it', async () => {
    const backend = under.open();
    const reference = `bb/saved:${uniqueFleet()}`;
    await using bottle = bottleUnderTest(under);
    await bottle.up(backend);
    await shell(backend, bottle.ref('agent'), HOSTILE);
    await backend.stop(bottle.ref('agent'), 0);
    await backend.snapshot(bottle.ref('agent'), reference);
    await backend.remove(bottle.ref('agent'));
    await using again = bottleUnderTest(under, 'again', { agent: { image: reference } });
    await again.up(backend);
    const look =
      'cd ~; stat -c "%n %a" kept sealed; cat kept sealed/inside; readlink out; stat -c %s hole; du -k hole';
    expect(await shell(backend, again.ref('agent'), look)).toBe(
      'kept 750\nsealed 555\nkept\ndeep\n/etc/bb\n1099511627776\n0\thole',
    );
  });

  test('may be too deep and too closed for its container to be removed, which goes all the same', async () => {
    const backend = under.open();
    await using bottle = bottleUnderTest(under);
    await bottle.up(backend);
    await shell(backend, bottle.ref('agent'), UNREMOVABLE);
    await backend.remove(bottle.ref('agent'));
    const left = await readdir(join(directory, 'roots'));
    expect(left.filter((name) => name === runtimeName(bottle.ref('agent')))).toEqual([]);
  });

  test('that was saved leads no file that is put into the next container astray', async () => {
    const backend = under.open();
    const reference = `bb/saved:${uniqueFleet()}`;
    await using bottle = bottleUnderTest(under);
    await bottle.up(backend);
    const marked = join(directory, 'marked');
    await shell(backend, bottle.ref('agent'), `ln -s ${directory} ~/astray; mkdir ~/straight`);
    await backend.snapshot(bottle.ref('agent'), reference);
    await using again = bottleUnderTest(under, 'again', { agent: { image: reference } });
    for (const step of again.making) await step(backend);
    const file = {
      ...{ path: 'marked', content: Buffer.from('put'), mode: 0o644 },
      ...{ uid: 1000, gid: 1000 },
    };
    const put = (folder: string) =>
      backend.copyIn(again.ref('agent'), `${under.keptFolder}/${folder}`, [file]);
    await put('straight');
    await expect(put('astray')).rejects.toMatchObject({ name: 'BackendError' });
    await expect(readFile(marked)).rejects.toMatchObject({ code: 'ENOENT' });
    await backend.start(again.ref('agent'));
    expect(await shell(backend, again.ref('agent'), 'cat ~/straight/marked')).toBe('put');
  });
});
