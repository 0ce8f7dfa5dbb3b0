import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Backend } from '../../../src/backends/backend.ts';
import { writableGroups } from '../../../src/backends/embedded/control-groups.ts';
import { joinPlace, limitMethod } from '../../../src/backends/embedded/limits.ts';
import { runtimeName } from '../../../src/model/component.ts';
import { bottleUnderTest, observed, shell } from '../../contract/bottle-under-test.ts';
import { embeddedUnder } from '../../engines/embedded-under.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();
const method = limitMethod();
const SOURCE = resolve(import.meta.dirname, '../../../src/backends/embedded/embedded-backend.ts');
const TRACKER = '/sys/fs/cgroup/systemd';
const UNIFIED = '/sys/fs/cgroup/unified';
const MIB = 1024 * 1024;

describe.skipIf(embedded.kind === 'none')('embedded: limits', () => {
  if (embedded.kind === 'none') return;
  const { under, directory } = embedded;

  it.runIf(method.kind === 'groups')(
    'a bottle that takes more memory than it has is stopped at it, one that takes less is not',
    async () => {
      const resources = { cpus: 1, memoryBytes: 128 * MIB, pids: 64 };
      await using bottle = bottleUnderTest(under, 'dev', { agent: { resources } });
      const backend = under.open();
      await bottle.up(backend);
      const taking = (mib: number) =>
        backend.exec(bottle.ref('agent'), {
          argv: ['node', '-e', `Buffer.alloc(${mib * MIB}, 1)`],
          user: null,
          timeoutMs: 20_000,
        });
      expect((await taking(16)).exitCode).toBe(0);
      expect((await taking(256)).exitCode).not.toBe(0);
      expect((await observed(backend, bottle)).agent?.state).toBe('running');
    },
  );

  it('a bottle has no more processes than it may', async () => {
    const resources = { cpus: 1, memoryBytes: 256 * MIB, pids: 24 };
    await using bottle = bottleUnderTest(under, 'dev', { agent: { resources } });
    const backend = under.open();
    await bottle.up(backend);
    const starting = (count: number) =>
      backend.exec(bottle.ref('agent'), {
        argv: ['sh', '-c', `for i in $(seq ${count}); do sleep 2 & all="$all $!"; done; kill $all`],
        user: null,
        timeoutMs: 20_000,
      });
    expect((await starting(8)).exitCode).toBe(0);
    expect(`${(await starting(60)).stderr}`).toMatch(/fork|Resource temporarily unavailable/);
  });

  // A service manager kills all that is in the control group of the unit.
  it.runIf(method.kind === 'groups' && existsSync(TRACKER))(
    'a bottle goes on when the unit that its controller is in is stopped',
    async () => {
      const unit = join(TRACKER, `bb-test-${process.pid}`);
      mkdirSync(unit);
      afterAll(() => rmdirSync(unit));
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      for (const step of bottle.making) await step(backend);
      const program = `import { writeFileSync } from 'node:fs';
        import { createEmbeddedBackend } from ${JSON.stringify(SOURCE)};
        writeFileSync(${JSON.stringify(join(unit, 'cgroup.procs'))}, String(process.pid));
        const backend = createEmbeddedBackend({ directory: ${JSON.stringify(directory)} });
        await backend.start(${JSON.stringify(bottle.ref('agent'))});
        console.log('started');
        setInterval(() => undefined, 1000);`;
      const controller = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(controller.stdout, 'data');
      for (const pid of pidsIn(unit)) process.kill(pid, 'SIGKILL');
      await once(controller, 'exit');
      expect((await observed(backend, bottle)).agent?.state).toBe('running');
      expect(await shell(backend, bottle.ref('agent'), 'echo alive')).toBe('alive');
      expect(pidsIn(unit)).toEqual([]);
    },
  );

  it.runIf(method.kind === 'groups')('groups go with their bottle', async () => {
    const bottle = bottleUnderTest(under);
    await bottle.up(under.open());
    const groups = () => [...readGroups(`bb-${bottle.fleet}-`)];
    expect(groups().length).toBeGreaterThan(0);
    await bottle[Symbol.asyncDispose]();
    expect(groups()).toEqual([]);
  });

  describe.runIf(method.kind === 'groups')('two state directories with one fleet name', () => {
    const small = { cpus: 1, memoryBytes: 128 * MIB, pids: 64 };
    const large = { cpus: 1, memoryBytes: 512 * MIB, pids: 64 };

    it('each limits its own bottle, whichever was started last, and removes its own groups', async () => {
      const elsewhere = mkdtempSync(join(tmpdir(), 'bb-elsewhere-'));
      onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }));
      const other = await embeddedUnder(elsewhere);
      await using bottle = bottleUnderTest(under, 'dev', { agent: { resources: small } });
      const twin = { fleet: bottle.fleet, agent: { resources: large } };
      await using namesake = bottleUnderTest(other, 'dev', twin);
      const backends = { own: under.open(), other: other.open() };
      await bottle.up(backends.own);
      await namesake.up(backends.other);
      const taking = async (backend: Backend) => {
        const argv = ['node', '-e', `Buffer.alloc(${256 * MIB}, 1)`];
        const ref = bottle.ref('agent');
        return (await backend.exec(ref, { argv, user: null, timeoutMs: 20_000 })).exitCode;
      };
      expect(await taking(backends.own)).not.toBe(0);
      expect(await taking(backends.other)).toBe(0);
      const both = readGroups(`bb-${bottle.fleet}-`).length;
      await backends.own.stop(bottle.ref('agent'), 0);
      expect((await observed(backends.other, namesake)).agent?.state).toBe('running');
      await bottle[Symbol.asyncDispose]();
      expect(readGroups(`bb-${bottle.fleet}-`).length).toBe(both / 2);
      expect((await observed(backends.other, namesake)).agent?.state).toBe('running');
      expect(await taking(backends.other)).toBe(0);
      await bottle.up(backends.own);
      await namesake[Symbol.asyncDispose]();
      expect(await taking(backends.own)).not.toBe(0);
    });

    it('a bottle of a version that knew of one is joined where it is, and its groups go with it', async () => {
      await using bottle = bottleUnderTest(under, 'dev', { agent: { resources: small } });
      const backend = under.open();
      await bottle.up(backend);
      const name = runtimeName(bottle.ref('agent'));
      const { monitor } = JSON.parse(readFileSync(join(directory, 'runs', `${name}.json`), 'utf8'));
      const now = readGroups(name).filter((group) => basename(group).startsWith(`${name}.`));
      for (const group of now) {
        const before = join(dirname(group), name);
        mkdirSync(before);
        for (const pid of pidsIn(group)) writeFileSync(join(before, 'cgroup.procs'), `${pid}`);
      }
      expect(joinPlace(monitor.pid)).toContain(`/bb/${name}/cgroup.procs`);
      expect(joinPlace(monitor.pid)).not.toContain(`/bb/${name}.`);
      expect(await shell(backend, bottle.ref('agent'), 'echo joined')).toBe('joined');
      await bottle[Symbol.asyncDispose]();
      expect(readGroups(name)).toEqual([]);
    });
  });

  it.runIf(handsDownNothing(UNIFIED))('a tree that hands down no controller limits nothing', () => {
    expect(writableGroups(UNIFIED)?.controllers ?? []).toEqual([]);
  });
});

function pidsIn(group: string): readonly number[] {
  return readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
}

function readGroups(prefix: string): readonly string[] {
  const found = spawnSync('find', ['/sys/fs/cgroup', '-type', 'd', '-path', `*/bb/${prefix}*`]);
  return String(found.stdout).split('\n').filter(Boolean);
}

function handsDownNothing(tree: string): boolean {
  const path = join(tree, 'cgroup.controllers');
  return existsSync(path) && !/\b(?:memory|pids|cpu)\b/.test(readFileSync(path, 'utf8'));
}
