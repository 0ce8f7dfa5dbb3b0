import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ImageBuild } from '../../../src/model/component.ts';
import { bottleUnderTest, shell } from '../../contract/bottle-under-test.ts';
import { embeddedUnder, hostImage } from '../../engines/embedded-under.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';
import { makeSmallRootfs } from './small-rootfs.ts';

const embedded = await embeddedUnderTest();
const folder = mkdtempSync(join(tmpdir(), 'bb-umask-'));
const small = join(folder, 'small');
makeSmallRootfs(small);
execFileSync('tar', ['-cf', `${small}.tar`, '-C', small, '.']);
const before = process.umask(0o077);
afterAll(() => {
  process.umask(before);
  rmSync(folder, { recursive: true });
});

const SCRIPT = `
umask
cat /etc/passwd /etc/hostname > /dev/null
echo put; cat /etc/put/file /home/agent/put/file
: > ~/made
cat /opt/bb/extra`;

describe.skipIf(embedded.kind === 'none')('embedded: a umask that lets nobody else read', () => {
  it.each([
    ["this machine's programs", {}],
    [
      'an image from a Dockerfile',
      { buildArgs: { BASE: 'host' }, dockerfile: 'ARG BASE\nFROM $BASE\nRUN mkdir -p /srv/a\n' },
    ],
    ['an archive of a root file system', { rootfs: `${small}.tar` }],
  ])('does not shut a bottle over %s out of its own files', async (_what, more) => {
    const under = await embeddedUnder(mkdtempSync(join(folder, 'state-')));
    const host = hostImage('bb/umask:1');
    const extra = new Map([['extra', new TextEncoder().encode('of the image\n')]]);
    const build: ImageBuild = { ...host, onHost: { ...host.onHost, extra }, ...more };
    const backend = under.open();
    await backend.ensureImage(build, () => undefined);
    await using bottle = bottleUnderTest(under, 'dev', { agent: { image: 'bb/umask:1' } });
    for (const step of bottle.making) await step(backend);
    const file = { path: 'put/file', content: new TextEncoder().encode('it\n'), mode: 0o644 };
    for (const place of ['/etc', '/home/agent']) {
      const copied = { ...file, ...bottle.agent.user };
      await backend.copyIn(bottle.ref('agent'), place, [copied]);
    }
    for (const step of bottle.starting) await step(backend);
    const said = await shell(backend, bottle.ref('agent'), SCRIPT);
    expect(said).toBe('0022\nput\nit\nit\nof the image');
  });
});
