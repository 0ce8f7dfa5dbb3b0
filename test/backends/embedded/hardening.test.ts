import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namespaceMembers } from '../../../src/backends/embedded/process-table.ts';
import { runtimeName } from '../../../src/model/component.ts';
import {
  type BottleUnderTest,
  bottleUnderTest,
  observed,
  shell,
} from '../../contract/bottle-under-test.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();
const isRoot = process.getuid?.() === 0;
const SECRET = 'a-value-that-nobody-may-see';

describe.skipIf(embedded.kind === 'none')('embedded: hardening', () => {
  if (embedded.kind === 'none') return;
  const { under, directory } = embedded;
  const runPath = (name: string) => join(directory, 'runs', `${name}.json`);
  const runOf = async (bottle: BottleUnderTest) =>
    JSON.parse(await readFile(runPath(runtimeName(bottle.ref('agent'))), 'utf8'));

  it.runIf(isRoot)(
    'no process of a bottle is root on the host, and two bottles are two users',
    async () => {
      await using one = bottleUnderTest(under, 'one');
      await using other = bottleUnderTest(under, 'other');
      const backend = under.open();
      const usersOf = async (bottle: BottleUnderTest) => {
        await bottle.up(backend);
        const { init } = await runOf(bottle);
        const users = namespaceMembers(init.pid).map(
          (pid) => /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '',
        );
        expect(users.length).toBeGreaterThan(1);
        return new Set(users.flatMap((line) => line.split('\t')));
      };
      const [first, second] = [await usersOf(one), await usersOf(other)];
      expect(first.size).toBe(1);
      expect(second.size).toBe(1);
      expect(first.has('0')).toBe(false);
      expect([...first]).not.toEqual([...second]);
    },
  );

  it('the first program and one that joins are both without rights, filtered, in a system that is read-only', async () => {
    const facts =
      'grep -E "^(CapEff|CapPrm|NoNewPrivs|Seccomp):" /proc/self/status | tr -s "\\t\\n" " "';
    const command = ['sh', '-c', `${facts}; echo; sleep infinity`];
    await using bottle = bottleUnderTest(under, 'dev', { agent: { command } });
    const backend = under.open();
    const agent = bottle.ref('agent');
    await bottle.up(backend);
    const none = '0000000000000000';
    const expected = `CapPrm: ${none} CapEff: ${none} NoNewPrivs: 1 Seccomp: 2`;
    const logged = async () => {
      const options = { follow: false, tail: 1, signal: new AbortController().signal };
      for await (const line of backend.logs(agent, options)) return line.trim();
      return null;
    };
    await expect.poll(logged).toBe(expected);
    expect(await shell(backend, agent, facts)).toBe(expected);
    const writes = [
      '/x',
      '/usr/x',
      '/etc/x',
      '/dev/x',
      '/opt/bb/x',
      '/proc/sys/vm/overcommit_memory',
    ];
    const attempts = writes.map((path) => `(echo 1 > ${path}) 2>/dev/null && echo wrote ${path}`);
    expect(await shell(backend, agent, `${attempts.join('; ')}; true`)).toBe('');
    const allowed = ['/tmp/x', '/run/x', '/dev/shm/x', '/home/agent/x', '/dev/null'];
    const done = allowed.map((path) => `echo 1 > ${path} && echo wrote ${path}`).join('; ');
    expect(await shell(backend, agent, done)).toBe(
      allowed.map((path) => `wrote ${path}`).join('\n'),
    );
    const ways = [
      'unshare --user true',
      'unshare --mount true',
      'mount -t tmpfs x /tmp',
      'chroot / true',
    ];
    const tries = ways.map((way) => `${way} 2>/dev/null && echo made: ${way}`).join('; ');
    expect(await shell(backend, agent, `${tries}; true`)).toBe('');
  });

  it('sees the loopback, and on it what the sidecars were handed, and nothing else', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    await bottle.up(backend);
    const agent = bottle.ref('agent');
    const interfaces = `tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '`;
    expect(await shell(backend, agent, interfaces)).toBe('lo');
    const knock = (port: number) =>
      `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}' 2>/dev/null && echo open || echo closed`;
    expect(await shell(backend, agent, [8080, 9100, 22, 8081].map(knock).join('\n'))).toBe(
      'open\nopen\nclosed\nclosed',
    );
    expect(await shell(backend, agent, 'cat /etc/resolv.conf')).toBe('');
  });

  it('what is given to it is in no command line, and no descriptor of ours is inside', async () => {
    await using bottle = bottleUnderTest(under, 'dev', { env: { GIVEN: SECRET } });
    const backend = under.open();
    const agent = bottle.ref('agent');
    await bottle.up(backend);
    expect(await shell(backend, agent, 'echo $GIVEN')).toBe(SECRET);
    const lines = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => textOf(`/proc/${name}/cmdline`));
    expect(lines.join('\n')).toContain('bwrap');
    expect(lines.filter((line) => line.includes(SECRET))).toEqual([]);
    expect(backend.attachCommand(agent, ['sh']).join(' ')).not.toContain(SECRET);
    // What we inherited ourselves is empty inside.
    const argv = ['ls', '-l', '/proc/self/fd'];
    const listed = await backend.exec(agent, { argv, user: null, timeoutMs: 5_000 });
    const targets = [...listed.stdout.matchAll(/ (\d+) -> (.*)$/gm)].map(([, fd, to]) => ({
      fd,
      to,
    }));
    expect(targets.length).toBeGreaterThan(3);
    const own = ({ fd = '', to = '' }) => /^[012]$/.test(fd) || /^\/proc\/\d+\/fd$/.test(to);
    expect(targets.filter((one) => !own(one) && one.to !== '/dev/null')).toEqual([]);
    const { init } = await runOf(bottle);
    const [, first = 0] = namespaceMembers(init.pid);
    expect(
      readdirSync(`/proc/${first}/fd`).filter((fd) => Number(fd) > 2 && Number(fd) < 7),
    ).toEqual([]);
  });

  it('a program of the agent cannot look into one that bb or a person runs there', async () => {
    const look =
      'while :; do cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" | grep ^OF_; sleep 0.02; done';
    const own = { OF_THE_AGENT: '1' };
    const command = ['sh', '-c', look];
    await using bottle = bottleUnderTest(under, 'dev', { agent: { command }, env: own });
    const backend = under.open();
    const agent = bottle.ref('agent');
    await bottle.up(backend);
    const env = { OF_A_PERSON: 'x', OF_THE_AGENT: '1' };
    const argv = [
      'sh',
      '-c',
      'sleep 0.5; cat /proc/self/environ | tr "\\0" "\\n" | grep -c OF_A_PERSON',
    ];
    const ran = await backend.exec(agent, { argv, user: null, env, timeoutMs: 10_000 });
    expect(`${ran.stdout}${ran.stderr}`).toBe('1\n');
    const options = { follow: false, tail: null, signal: new AbortController().signal };
    const lines: string[] = [];
    for await (const line of backend.logs(agent, options)) lines.push(line);
    expect(new Set(lines)).toEqual(new Set(['OF_THE_AGENT=1']));
  });

  it('a link that the agent places in the way of a copied file leads nowhere but inside', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    const agent = bottle.ref('agent');
    await bottle.up(backend);
    const outside = join(directory, 'outside');
    await writeFile(outside, 'untouched');
    const owner = bottle.agent.user;
    await shell(
      backend,
      agent,
      `ln -s ${directory} /home/agent/kit; ln -s ${outside} /home/agent/note`,
    );
    const file = (path: string) => ({ path, content: Buffer.from('new'), mode: 0o644, ...owner });
    await backend.copyIn(agent, '/home/agent', [file('note')]);
    await backend.copyIn(agent, '/home/agent', [file('kit/outside')]).catch(() => undefined);
    expect(await readFile(outside, 'utf8')).toBe('untouched');
    await shell(backend, agent, `rm -f /home/agent/note; ln -s ${outside} /home/agent/note`);
    expect(await backend.copyOut(agent, '/home/agent/note', 100)).toBeNull();
  });

  it('a bottle outlives the controller that made it, killed without a word', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    for (const step of bottle.making) await step(backend);
    const source = resolve(
      import.meta.dirname,
      '../../../src/backends/embedded/embedded-backend.ts',
    );
    const program = `import { createEmbeddedBackend } from ${JSON.stringify(source)};
      const backend = createEmbeddedBackend({ directory: ${JSON.stringify(directory)} });
      await backend.start(${JSON.stringify(bottle.ref('agent'))});
      console.log('started');
      setInterval(() => undefined, 1000);`;
    const controller = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(controller.stdout, 'data');
    controller.kill('SIGKILL');
    await once(controller, 'exit');
    expect((await observed(backend, bottle)).agent?.state).toBe('running');
    expect(await shell(backend, bottle.ref('agent'), 'echo alive')).toBe('alive');
    await backend.stop(bottle.ref('agent'), 0);
    expect((await observed(backend, bottle)).agent).toMatchObject({
      state: 'exited',
      exitCode: 137,
    });
  });

  it('a process that got the number of an ended one is neither taken for it nor killed', async () => {
    const stranger = spawn('sleep', ['4321']);
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    const agent = bottle.ref('agent');
    await bottle.up(backend);
    const path = runPath(runtimeName(agent));
    const before = await readFile(path, 'utf8');
    const run = JSON.parse(before);
    await writeFile(path, JSON.stringify({ ...run, init: { ...run.init, pid: stranger.pid } }));
    expect((await observed(backend, bottle)).agent?.state).toBe('exited');
    await writeFile(
      path,
      JSON.stringify({
        ...run,
        init: { ...run.init, pid: stranger.pid },
        monitor: { ...run.monitor, pid: stranger.pid },
      }),
    );
    await backend.stop(agent, 0);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill();
    await writeFile(path, before);
    expect((await observed(backend, bottle)).agent?.state).toBe('running');
  });

  it('a first program that ended takes the rest along at the next start', async () => {
    const command = ['sh', '-c', 'sleep 4322 & exit 5'];
    await using bottle = bottleUnderTest(under, 'dev', { agent: { command } });
    const backend = under.open();
    const agent = bottle.ref('agent');
    await bottle.up(backend);
    await expect.poll(async () => (await observed(backend, bottle)).agent?.exitCode).toBe(5);
    const { init } = await runOf(bottle);
    await backend.stop(agent, 0);
    await expect.poll(() => namespaceMembers(init.pid)).toEqual([]);
  });

  it('a file of our name that is not ours is reported, kept and in the way', async () => {
    await using bottle = bottleUnderTest(under);
    const backend = under.open();
    for (const step of bottle.making) await step(backend);
    const path = join(directory, 'records', `${runtimeName(bottle.ref('agent'))}.json`);
    const before = await readFile(path);
    await writeFile(path, 'of somebody else');
    const { observation } = await observed(backend, bottle);
    expect(observation.foreign).toEqual([
      { kind: 'container', name: runtimeName(bottle.ref('agent')) },
    ]);
    for (const call of [
      () => backend.createContainer(bottle.agent, {}),
      () => backend.start(bottle.ref('agent')),
      () => backend.remove(bottle.ref('agent')),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'name-taken' });
    }
    expect(await readFile(path, 'utf8')).toBe('of somebody else');
    await writeFile(path, before);
  });
});

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
