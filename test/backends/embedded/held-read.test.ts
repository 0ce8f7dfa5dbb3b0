import { describe, expect, it } from 'vitest';
import { bottleUnderTest, shell } from '../../contract/bottle-under-test.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();
/** Reads as one does that opened a pipe in the place of a file: it waits for somebody to write. */
const WAITING =
  'mkdir ~/bin; printf "#!/bin/sh\\nexec sleep 60\\n" > ~/bin/head; chmod +x ~/bin/head';

describe.skipIf(embedded.kind === 'none')('embedded: a file that is a pipe when it is read', () => {
  if (embedded.kind === 'none') return;

  it('holds nobody up for longer than a file takes', async () => {
    const { under } = embedded;
    const path = '/home/agent/bin:/usr/bin:/bin';
    await using bottle = bottleUnderTest(under, 'dev', { env: { PATH: path } });
    const backend = under.open();
    await bottle.up(backend);
    await shell(backend, bottle.ref('agent'), WAITING);
    const begunMs = performance.now();
    const reading = backend.copyOut(bottle.ref('agent'), '/etc/hostname', 100);
    await expect(reading).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - begunMs).toBeLessThan(30_000);
  });
});
