import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CopiedFile } from '../../src/model/component.ts';
import { type BackendUnderTest, sharesFiles, uniqueFleet } from './backend-under-test.ts';
import { bottleUnderTest, shell } from './bottle-under-test.ts';

/** Files that go in and out, and those that are only shown. */
export function filesContract(under: BackendUnderTest): void {
  describe('files', () => {
    it('copies into a container that never ran, with owner, mode and links', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      for (const step of bottle.making) await step(backend);
      const owner = { uid: 1000, gid: 1000 };
      const files: readonly CopiedFile[] = [
        { path: 'kit/run.sh', content: Buffer.from('echo ran\n'), mode: 0o755, ...owner },
        { path: 'kit/ä.txt', content: Buffer.from('text'), mode: 0o600, ...owner },
        { path: 'kit/link', content: { linkTo: 'ä.txt' }, mode: 0o777, ...owner },
      ];
      await backend.copyIn(bottle.ref('agent'), under.keptFolder, files);
      await backend.start(bottle.ref('agent'));
      const look = `cd ${under.keptFolder}/kit; ./run.sh; cat link; echo; stat -c "%a %u:%g" ä.txt run.sh`;
      const said = await shell(backend, bottle.ref('agent'), look);
      expect(said).toBe('ran\ntext\n600 1000:1000\n755 1000:1000');
    });

    it('a folder that is not there is an error', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const file = { path: 'a', content: Buffer.from('a'), mode: 0o644, uid: 0, gid: 0 };
      await expect(backend.copyIn(bottle.ref('agent'), '/no/such', [file])).rejects.toMatchObject({
        name: 'BackendError',
      });
    });

    it('a mounted folder shows a file that is replaced on the host, and takes no writes', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bb-mount-'));
      try {
        await chmod(folder, 0o755);
        const write = async (text: string) => {
          await writeFile(join(folder, 'new'), text, { mode: 0o644 });
          await rename(join(folder, 'new'), join(folder, 'current'));
        };
        await write('first');
        const mounts = [{ source: folder, target: '/bb/in', readOnly: true }];
        await using bottle = bottleUnderTest(under, 'dev', { sidecars: { mounts } });
        const backend = under.open();
        await bottle.up(backend);
        const sidecars = bottle.ref('sidecars');
        expect(await shell(backend, sidecars, 'cat /bb/in/current')).toBe('first');
        await write('second');
        expect(await shell(backend, sidecars, 'cat /bb/in/current')).toBe('second');
        const attempt = 'touch /bb/in/x 2>/dev/null || echo refused';
        expect(await shell(backend, sidecars, attempt)).toBe('refused');
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    if (sharesFiles(under)) openFiles(under);
    else closedFiles(under);
  });
}

/** Where the files of a container that ran can be read and written from outside. */
function openFiles(under: BackendUnderTest): void {
  it('copies a file out; an absent one is null; a large one and a folder are refused', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    await bottle.up(backend);
    const agent = bottle.ref('agent');
    await shell(backend, agent, 'printf found > /tmp/out; mkdir /tmp/folder');
    const content = await backend.copyOut(agent, '/tmp/out', 100);
    expect(Buffer.from(content ?? []).toString()).toBe('found');
    expect(await backend.copyOut(agent, '/tmp/absent', 100)).toBeNull();
    const refused = { name: 'BackendError' };
    await expect(backend.copyOut(agent, '/tmp/out', 4)).rejects.toMatchObject(refused);
    await expect(backend.copyOut(agent, '/tmp/folder', 100)).rejects.toMatchObject(refused);
  });

  if (!under.open().capabilities.freeze) return;
  it('a snapshot keeps the files and is an image for the next container', async () => {
    const reference = `bb/test-snapshot:${uniqueFleet()}`;
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    await bottle.up(backend);
    await shell(backend, bottle.ref('agent'), `echo kept > ${under.keptFolder}/kept`);
    await backend.snapshot(bottle.ref('agent'), reference);
    await backend.snapshot(bottle.ref('agent'), reference);
    await using again = bottleUnderTest(under, 'again', { agent: { image: reference } });
    await again.up(backend);
    expect(await shell(backend, again.ref('agent'), `cat ${under.keptFolder}/kept`)).toBe('kept');
    // It writes a whole base image.
  }, 120_000);
}

function closedFiles(under: BackendUnderTest): void {
  it('says so where a running sandbox keeps its files', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    await bottle.up(backend);
    const agent = bottle.ref('agent');
    const refused = { code: 'not-supported' };
    const file = { path: 'a', content: Buffer.from('a'), mode: 0o644, uid: 0, gid: 0 };
    await expect(backend.copyOut(agent, '/etc/passwd', 10_000)).rejects.toMatchObject(refused);
    await expect(backend.copyIn(agent, '/tmp', [file])).rejects.toMatchObject(refused);
    await expect(backend.snapshot(agent, 'bb/test-snapshot:no')).rejects.toMatchObject(refused);
  });
}
