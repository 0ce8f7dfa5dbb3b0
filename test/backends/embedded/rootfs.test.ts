import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { removeUnwanted } from '../../../src/backends/embedded/build/unwanted.ts';
import { embeddedLayout } from '../../../src/backends/embedded/layout.ts';
import { isInsideRoot } from '../../../src/backends/embedded/rootfs/inside-root.ts';
import { uniqueFleet } from '../../contract/backend-under-test.ts';
import { bottleUnderTest, shell } from '../../contract/bottle-under-test.ts';
import { hostImage } from '../../engines/embedded-under.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';
import { makeSmallRootfs } from './small-rootfs.ts';

const embedded = await embeddedUnderTest();
const folder = mkdtempSync(join(tmpdir(), 'bb-rootfs-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

const small = join(folder, 'small');
makeSmallRootfs(small);
writeFileSync(join(small, 'srv/which'), 'the small one\n');
writeFileSync(join(small, 'etc/release'), 'small 1\n');
writeFileSync(join(small, 'etc/passwd'), 'somebody:x:1:1::/:/bin/sh\n');
symlinkSync('/srv/which', join(small, 'etc/alternatives/which'));

describe.skipIf(embedded.kind === 'none')('embedded: a root file system of the host', () => {
  if (embedded.kind === 'none') return;
  const { under, directory } = embedded;

  /** An image over `rootfs`. */
  async function over(rootfs: string): Promise<string> {
    const reference = `bb/rootfs:${uniqueFleet()}`;
    await under.open().ensureImage({ ...hostImage(reference), rootfs }, () => undefined);
    return reference;
  }

  async function inside(image: string, script: string): Promise<string> {
    await using bottle = bottleUnderTest(under, 'dev', { agent: { image } });
    const backend = under.open();
    await bottle.up(backend);
    return await shell(backend, bottle.ref('agent'), script);
  }

  const refusal = (rootfs: string) =>
    over(rootfs).then(
      () => 'taken',
      ({ message }: Error) => message,
    );

  it('its programs and files are there, those of the machine are not, and it has its own settings', async () => {
    const script = [
      ...['cat /srv/which /etc/release /etc/alternatives/which /etc/hostname', 'readlink /bin'],
      ...['command -v grep || echo no grep'],
      ...['id -un', 'node -p "6 * 7"', 'cd; echo kept > mine; cat mine', 'ls /etc/shadow 2>&1'],
    ];
    const said = (await inside(await over(small), `${script.join('\n')} || true`)).split('\n');
    expect(said).toEqual([
      ...['the small one', 'small 1', 'the small one', 'dev', 'usr/bin', 'no grep', 'agent', '42'],
      ...['kept', expect.stringContaining('No such file')],
    ]);
    expect(await inside(under.image, 'command -v grep')).toBe('/usr/bin/grep');
  }, 60_000);

  it('the places that it lacks are made, and nothing of it can be changed', async () => {
    const paths = ['/srv/x', '/usr/bin/x', '/etc/x', '/.bb/x', '/x', '/var/x', '/home/x'];
    const tries = paths.map((path) => `(echo 1 > ${path}) 2>/dev/null && echo wrote ${path}`);
    const able = 'echo 1 > /tmp/x && echo 2 > /run/x && cat /tmp/x /run/x && ls /proc/self/exe';
    const script = `${tries.join('; ')}; ${able}; echo 3 > /dev/null && ls /dev/null`;
    expect((await inside(await over(small), script)).split('\n')).toEqual([
      ...['1', '2', '/proc/self/exe', '/dev/null'],
    ]);
    expect(existsSync(join(small, 'home'))).toBe(false);
  }, 60_000);

  it('links of it lead nowhere but inside, at the top and in the place of its settings', async () => {
    const secret = join(folder, 'secret');
    mkdirSync(secret);
    writeFileSync(join(secret, 'key'), 'of the host\n');
    const hostile = join(folder, 'hostile');
    makeSmallRootfs(hostile);
    rmSync(join(hostile, 'etc'), { recursive: true });
    for (const name of ['etc', 'out', 'opt', 'var', 'home', 'tmp', '.bb']) {
      symlinkSync(secret, join(hostile, name));
    }
    symlinkSync(join(secret, 'key'), join(hostile, 'key'));
    const places = ['/etc', '/out', '/opt', '/var', '/home', '/tmp', '/.bb', secret];
    const script = `${places.map((at) => `cat ${at}/key`).join('; ')}; cat /key; echo end`;
    expect(await inside(await over(hostile), `{ ${script}; } 2>/dev/null`)).toBe('end');
    const twin = join(folder, 'twin');
    makeSmallRootfs(twin);
    symlinkSync('/srv', join(twin, 'out'));
    writeFileSync(join(twin, 'srv/key'), 'its own\n');
    expect(await inside(await over(twin), 'cat /out/key')).toBe('its own');
  }, 60_000);

  it('programs that take its place in front of those of bb are run without rights', async () => {
    const wrapped = join(folder, 'wrapped');
    makeSmallRootfs(wrapped);
    const script = '#!/bin/sh\necho ran as the image wants\n';
    for (const name of ['bwrap', 'prlimit', 'nsenter', 'setpriv']) {
      writeFileSync(join(wrapped, 'usr/bin', name), script, { mode: 0o755 });
    }
    writeFileSync(join(wrapped, 'etc/ld.so.preload'), '/lib/evil.so\n');
    const rights = 'while read -r name value; do [ "$name" = CapEff: ] && echo $value; done';
    expect(await inside(await over(wrapped), `${rights} < /proc/self/status; echo`)).toBe(
      '0'.repeat(16),
    );
  }, 60_000);

  it('files go in and out of it, and a bottle that is saved goes on over it', async () => {
    const image = await over(small);
    const backend = under.open();
    await using bottle = bottleUnderTest(under, 'dev', { agent: { image } });
    for (const step of bottle.making) await step(backend);
    const file = {
      ...{ path: 'note', content: new TextEncoder().encode('hello\n'), mode: 0o644 },
      ...bottle.agent.user,
    };
    const agent = bottle.ref('agent');
    await backend.copyIn(agent, '/home/agent', [file]);
    const taken = await backend.copyOut(agent, '/home/agent/note', 99);
    expect(new TextDecoder().decode(taken ?? undefined)).toBe('hello\n');
    const copy = `bb/test-saved:${uniqueFleet()}`;
    await backend.snapshot(agent, copy);
    expect(await inside(copy, 'cat ~/note /srv/which')).toBe('hello\nthe small one');
  }, 60_000);

  it('an archive is unpacked once, with its own links, and again when a crash cut that off', async () => {
    const archive = join(folder, 'small.tar.gz');
    execFileSync('tar', ['-czf', archive, '-C', small, '.']);
    const images = join(directory, 'images');
    mkdirSync(join(images, 'bb%2Frootfs%3Acut.4194305.abc123.tmp/rootfs/usr'), { recursive: true });
    const reference = `bb/rootfs:${uniqueFleet()}`;
    const said: string[] = [];
    const ensure = () =>
      under
        .open()
        .ensureImage({ ...hostImage(reference), rootfs: archive }, (line) => said.push(line));
    await Promise.all([ensure(), ensure()]);
    await ensure();
    expect(said).toEqual([`unpacking ${archive}`]);
    expect(await inside(reference, 'cat /srv/which; readlink /bin; node -p 1')).toBe(
      'the small one\nusr/bin\n1',
    );
    expect(readdirSync(images).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const old = new Date(Date.now() - 25 * 3_600_000);
    const unpacked = join(images, encodeURIComponent(reference));
    utimesSync(unpacked, old, old);
    await removeUnwanted(embeddedLayout(directory));
    expect(existsSync(unpacked)).toBe(false);
  }, 60_000);

  it('a bottle over an archive that is saved goes on over it', async () => {
    const archive = join(folder, 'saved.tar');
    execFileSync('tar', ['-cf', archive, '-C', small, '.']);
    const image = await over(archive);
    const backend = under.open();
    await using bottle = bottleUnderTest(under, 'dev', { agent: { image } });
    for (const step of bottle.making) await step(backend);
    const copy = `bb/test-saved:${uniqueFleet()}`;
    await backend.snapshot(bottle.ref('agent'), copy);
    expect(await inside(copy, 'cat /srv/which')).toBe('the small one');
  }, 60_000);

  it('what cannot be one is refused in words before a bottle is made of it', async () => {
    const lacking = join(folder, 'lacking');
    makeSmallRootfs(lacking, ['tar', 'libm.so.6']);
    const open = join(folder, 'open');
    makeSmallRootfs(open);
    chmodSync(open, 0o777);
    writeFileSync(join(folder, 'file.tar'), '');
    expect(await refusal(join(folder, 'absent'))).toContain('it is not there');
    expect(await refusal(join(folder, 'file.tar'))).toContain('it is no archive');
    expect(await refusal('/')).toContain('it is this machine');
    expect(await refusal(open)).toContain('it can be changed by others');
    execFileSync('tar', ['-cf', join(folder, 'lacking.tar'), '-C', lacking, '.']);
    expect(await refusal(join(folder, 'lacking.tar'))).toMatch(
      /lacking\.tar cannot be .* has no tar/,
    );
    const left = readdirSync(join(directory, 'images'));
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(await refusal(lacking)).toMatch(/it has no tar, .*libm\.so\.6/);
    chmodSync(open, 0o755);
    expect(await refusal(open)).toBe('taken');
  }, 60_000);

  it.skipIf(process.getuid?.() !== 0)('one of another user is refused', async () => {
    const owned = join(folder, 'owned');
    makeSmallRootfs(owned);
    chownSync(owned, 12_345, 12_345);
    expect(await refusal(owned)).toContain('it can be changed by others');
    chownSync(owned, 0, 0);
    expect(await refusal(owned)).toBe('taken');
  });

  it('a Dockerfile over one is refused', async () => {
    const image = await over(small);
    const dockerfile = 'ARG BASE\nFROM $BASE\nRUN true\n';
    const build = { reference: `${image}-more`, dockerfile, buildArgs: { BASE: image } };
    const built = under.open().ensureImage({ ...build, context: new Map() }, () => undefined);
    await expect(built).rejects.toMatchObject({ code: 'build-failed' });
  });
});

describe('a path inside a root', () => {
  const root = join(folder, 'paths');
  mkdirSync(join(root, 'a/b'), { recursive: true });
  writeFileSync(join(root, 'a/b/file'), '');
  const links = {
    up: '../../a/b',
    abs: '/a',
    out: '/etc/passwd',
    self: 'self',
    above: '../../../..',
  };
  for (const [name, to] of Object.entries(links)) symlinkSync(to, join(root, name));

  it.for([
    ...['/a/b/file', '/up/file', '/abs/b/file', '/above/a/b/file', '/a/b/../../abs/b/file', '/'],
  ])('%s is found', (path) => expect(isInsideRoot(root, path)).toBe(true));
  it.for(['/out', '/self', '/a/b/file/x', '/above/etc/passwd', '/etc/passwd', '/a/c'])(
    '%s is not',
    (path) => expect(isInsideRoot(root, path)).toBe(false),
  );
});
