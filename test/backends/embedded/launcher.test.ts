import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { launch } from '../../../src/backends/embedded/launch.ts';
import { launcherArgv } from '../../../src/backends/embedded/launcher.ts';
import { launcherProgram } from '../../../src/backends/embedded/launcher-program.ts';
import { childrenOf, identify, isAlive } from '../../../src/backends/embedded/process-table.ts';
import { sandboxExitCode } from '../../../src/backends/embedded/sandbox-status.ts';
import { runtimeName } from '../../../src/model/component.ts';
import { EGRESS_PORT } from '../../../src/model/sidecar.ts';
import { pathWithout } from '../../builders/path-without.ts';
import { bottleUnderTest, observed, shell } from '../../contract/bottle-under-test.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();
const ownPath = process.env['PATH'];
const ANYBODY = { user: null, place: { prefix: [], groups: [] } } as const;
const SCOPE = { ...ANYBODY, place: { prefix: ['systemd-run'], groups: [] } } as const;
const CONNECTING = `import('node:net').then(({ connect }) => connect(${EGRESS_PORT}, '127.0.0.1').on('connect', () => { console.log('answered'); process.exit(); }).on('error', (error) => { console.log(error.code); process.exit(); }))`;

const folders: string[] = [];

/** Everybody may pass through it. */
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'bb-path-'));
  folders.push(made);
  chmodSync(made, 0o755);
  return made;
}

afterEach(() => {
  process.env['PATH'] = ownPath;
  for (const made of folders.splice(0)) rmSync(made, { recursive: true });
});

describe('which sandboxes a launcher starts', () => {
  it('those of a machine with Perl whose calls it knows', () => {
    expect(launcherArgv(ANYBODY)?.[0]).toBe('perl');
    expect(launcherProgram('riscv64')).toBeNull();
    process.env['PATH'] = '/nonexistent';
    expect(launcherArgv(ANYBODY)).toBeNull();
  });

  it('in a scope those that are nobody else before it', () => {
    expect(launcherArgv(SCOPE)?.[0]).toBe('perl');
    expect(launcherArgv({ ...SCOPE, user: { uid: 1, gid: 1 } })).toBeNull();
  });
});

describe.skipIf(embedded.kind === 'none')('embedded: launcher', () => {
  if (embedded.kind === 'none') return;
  const { under, directory } = embedded;
  const started = () => launchers().flatMap(childrenOf);
  const isWaiting = (pid: number) => commandOf(pid).includes('bwrap\0--args\0');
  const launchers = () =>
    childrenOf(process.pid).filter((pid) => commandOf(pid).startsWith('perl'));

  it.each(['perl', 'nothing'])(
    'without %s on its way a bottle has its sockets and its program',
    async (absent) => {
      process.env['PATH'] = pathWithout(folder(), absent);
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      process.env['PATH'] = ownPath;
      const said = await shell(backend, bottle.ref('agent'), `node -e "${CONNECTING}"`);
      expect(said).toBe('answered');
    },
  );

  it('says which program it could not become', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    for (const step of bottle.making) await step(backend);
    process.env['PATH'] = pathWithout(folder(), 'bwrap');
    const message = expect.stringContaining('bwrap: No such file or directory');
    await expect(backend.start(bottle.ref('agent'))).rejects.toMatchObject({ message });
  });

  it('one launcher starts all; killed, it takes no bottle along and another takes its place', async () => {
    await using one = bottleUnderTest(under, 'one');
    await using other = bottleUnderTest(under, 'other');
    const backend = under.open();
    await one.up(backend);
    const [pid = 0, ...more] = launchers();
    expect(more).toEqual([]);
    process.kill(pid, 'SIGKILL');
    await expect.poll(launchers).toEqual([]);
    expect((await observed(backend, one)).agent?.state).toBe('running');
    await other.up(backend);
    expect(launchers()).not.toEqual([pid]);
    expect(await shell(backend, one.ref('agent'), 'echo one')).toBe('one');
    expect(await shell(backend, other.ref('agent'), 'echo other')).toBe('other');
  });

  it('killed while it starts one, that start fails, and the next does not', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    const agent = bottle.ref('agent');
    for (const step of bottle.making) await step(backend);
    const slow = pathWithout(folder(), 'bwrap');
    writeFileSync(join(slow, 'bwrap'), '#!/bin/sh\nread -r line <&3\n', { mode: 0o755 });
    process.env['PATH'] = slow;
    const starting = backend.start(agent);
    const failing = expect(starting).rejects.toMatchObject({ kind: 'transient' });
    await expect.poll(() => started().filter(isWaiting)).toHaveLength(1);
    const waiting = started().filter(isWaiting).map(identify);
    for (const pid of launchers()) process.kill(pid, 'SIGKILL');
    await failing;
    await expect.poll(() => waiting.some((one) => one !== null && isAlive(one))).toBe(false);
    process.env['PATH'] = ownPath;
    await backend.start(agent);
    expect((await observed(backend, bottle)).agent?.state).toBe('running');
  });

  it('one that cannot be written down ends without having run anything, and the next start does', async () => {
    const command = ['sh', '-c', 'touch ~/ran; sleep infinity'];
    await using bottle = bottleUnderTest(under, 'dev', { agent: { command } });
    const backend = under.open();
    const agent = bottle.ref('agent');
    for (const step of bottle.making) await step(backend);
    await backend.start(bottle.ref('sidecars'));
    const before = started();
    const inTheWay = join(directory, 'runs', `${runtimeName(agent)}.json`);
    mkdirSync(inTheWay);
    await expect(backend.start(agent)).rejects.toMatchObject({ kind: 'transient' });
    await expect.poll(started).toEqual(before);
    rmSync(inTheWay, { recursive: true });
    expect(existsSync(join(directory, 'roots', runtimeName(agent), 'home', 'ran'))).toBe(false);
    await backend.start(agent);
    await expect.poll(() => shell(backend, agent, 'ls ~/ran')).toBe('/home/agent/ran');
  });

  it('what is said while one starts is not taken for a word about another', async () => {
    await using one = bottleUnderTest(under, 'one');
    await using other = bottleUnderTest(under, 'other');
    const backend = under.open();
    for (const bottle of [one, other]) for (const step of bottle.making) await step(backend);
    const [path, turns] = [pathWithout(folder(), 'bwrap'), folder()];
    chmodSync(turns, 0o777);
    const bwrap = [
      `if mkdir ${turns}/first; then read -r line <&3; exit 1; fi`,
      "for id in $(seq 999); do printf '\\r%s said !by another\\r' $id; done >&3",
    ];
    writeFileSync(join(path, 'bwrap'), `#!/bin/sh\n${bwrap.join('\n')}\n`, { mode: 0o755 });
    process.env['PATH'] = path;
    const reasonOf = (error: Error) => error.message;
    const waiting = backend.start(one.ref('agent')).then(() => '', reasonOf);
    await expect.poll(() => readdirSync(turns)).toEqual(['first']);
    await expect(backend.start(other.ref('agent'))).rejects.toThrow('could not be made');
    for (const pid of launchers()) process.kill(pid, 'SIGKILL');
    expect(await waiting).toContain('ended without a word');
  });

  it.each([
    ['a sandbox', false],
    ['who keeps a network', true],
  ])(
    '%s that was not released ends with the controller, and so does the launcher',
    async (_who, keeps) => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const source = resolve(import.meta.dirname, '../../../src/backends/embedded/launch.ts');
      const root = mkdtempSync(join(tmpdir(), 'bb-launch-'));
      const program = `import { launch } from ${JSON.stringify(source)};
      const { pid } = await launch({
        books: 'none', user: ${process.getuid?.() === 0 ? '{ uid: 0x7ffffff0, gid: 0x7ffffff0 }' : 'null'}, binds: [], root: ${JSON.stringify(root)},
        place: { prefix: [], groups: [] }, within: null, listening: null, limits: [],
        arguments: () => ['--ro-bind', '/', '/'], command: ['sleep', 'infinity'], keeps: ${keeps},
        seccompPath: ${JSON.stringify(join(directory, `seccomp-${process.arch}.bpf`))}, statusPath: ${JSON.stringify(join(root, 'status'))},
      });
      console.log(pid);
      setInterval(() => undefined, 1000);`;
      const controller = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [said] = await once(controller.stdout, 'data');
      const sandbox = identify(Number(said));
      const launcher = identify(childrenOf(controller.pid ?? 0)[0] ?? 0);
      if (sandbox === null || launcher === null) throw new Error('it was not started');
      expect([isAlive(sandbox), isAlive(launcher)]).toEqual([true, true]);
      controller.kill('SIGKILL');
      await expect.poll(() => [isAlive(sandbox), isAlive(launcher)]).toEqual([false, false]);
      // Nobody takes that for a crash of its program, which never ran.
      expect(sandboxExitCode(join(root, 'status'))).toBe(keeps ? null : 143);
      rmSync(root, { recursive: true });
    },
  );

  it('killed before it releases one, it is not said that this runs', async () => {
    const root = folder();
    const launched = await launch({
      ...ANYBODY,
      ...{ books: 'none', binds: [], root, within: null, listening: null, limits: [] },
      ...{ arguments: () => ['--ro-bind', '/', '/'], command: ['true'] },
      user: process.getuid?.() === 0 ? { uid: 0x7ffffff0, gid: 0x7ffffff0 } : null,
      seccompPath: join(directory, `seccomp-${process.arch}.bpf`),
      statusPath: join(root, 'status'),
    });
    const sandbox = identify(launched.pid);
    for (const pid of launchers()) process.kill(pid, 'SIGKILL');
    const message = expect.stringContaining('what was to release it ended');
    await expect(launched.release()).rejects.toMatchObject({ kind: 'transient', message });
    await expect.poll(() => sandbox !== null && isAlive(sandbox)).toBe(false);
  });

  it('killed before it opened a log, it is told that nothing was said', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    for (const step of bottle.making) await step(backend);
    const slow = pathWithout(folder(), 'perl');
    writeFileSync(join(slow, 'perl'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    for (const pid of launchers()) process.kill(pid, 'SIGKILL');
    await expect.poll(launchers).toEqual([]);
    process.env['PATH'] = slow;
    const message = expect.stringContaining('it ended without a word');
    await expect(backend.start(bottle.ref('agent'))).rejects.toMatchObject({ message });
  });
});

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}
