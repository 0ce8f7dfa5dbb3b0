import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ExecRequest } from '../../src/backends/backend.ts';
import type { BackendUnderTest } from './backend-under-test.ts';
import { bottleUnderTest, shell } from './bottle-under-test.ts';

const request = (argv: readonly string[], more: Partial<ExecRequest> = {}): ExecRequest => ({
  argv,
  user: null,
  timeoutMs: 20_000,
  ...more,
});

/** Programs in a running agent. */
export function programsContract(under: BackendUnderTest): void {
  describe('programs', () => {
    it('exec gives exit code, both outputs, and takes a script on its input', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const agent = bottle.ref('agent');
      expect(await backend.exec(agent, request(['true']))).toEqual({
        ...{ exitCode: 0, stdout: '', stderr: '', truncated: false },
      });
      const stdin = 'echo "out ä€𝄞"; echo err >&2; echo "$EXTRA $BB_SHOWN"; exit 7\n';
      expect(
        await backend.exec(agent, request(['sh', '-s'], { stdin, env: { EXTRA: 'e x' } })),
      ).toEqual({ exitCode: 7, stdout: 'out ä€𝄞\ne x shown\n', stderr: 'err\n', truncated: false });
      expect(await backend.exec(agent, request(['cat'], { stdin: '' }))).toMatchObject({
        ...{ exitCode: 0, stdout: '' },
      });
      expect((await backend.exec(agent, request(['id', '-u']))).stdout).toBe('1000\n');
      const asNobody = request(['id', '-u'], { user: { uid: 65534, gid: 65534 } });
      if (backend.capabilities.otherUsers) {
        expect((await backend.exec(agent, asNobody)).stdout).toBe('65534\n');
      } else {
        const refused = { code: 'not-supported' };
        await expect(backend.exec(agent, asNobody)).rejects.toMatchObject(refused);
      }
      const absent = await backend.exec(agent, request(['/no/such/program']));
      expect([126, 127]).toContain(absent.exitCode);
    });

    it('the input of a program stays open until it is said to end', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const agent = bottle.ref('agent');
      const said = Promise.withResolvers<void>();
      const script =
        'read line; echo "$line" > /tmp/heard; cat; echo "ended after $(cat /tmp/more)"';
      const options = { stdin: 'first\n', inputEnds: said.promise };
      const running = backend.exec(agent, request(['sh', '-c', script], options));
      const heard = 'cat /tmp/heard 2>/dev/null || true';
      await expect.poll(() => shell(backend, agent, heard), { timeout: 20_000 }).toBe('first');
      await shell(backend, agent, 'echo this > /tmp/more');
      said.resolve();
      expect(await running).toMatchObject({ exitCode: 0, stdout: 'ended after this\n' });
    });

    it('a megabyte goes through whole both ways, more than the limit is cut and said', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const agent = bottle.ref('agent');
      const stdin = 'x'.repeat(1024 * 1024);
      const echoed = await backend.exec(agent, request(['cat'], { stdin }));
      expect(echoed.stdout.length).toBe(stdin.length);
      expect(echoed.truncated).toBe(false);
      const flood = await backend.exec(agent, request(['head', '-c', '20000000', '/dev/zero']));
      expect(flood.truncated).toBe(true);
      expect(flood.stdout.length).toBeLessThan(20_000_000);
      expect(flood.exitCode).toBe(0);
    });

    it('a program that takes too long is killed with its children', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const agent = bottle.ref('agent');
      const stdin = 'sleep 4321 & sleep 4321';
      await expect(
        backend.exec(agent, request(['sh', '-s'], { stdin, timeoutMs: 500 })),
      ).rejects.toMatchObject({ code: 'timeout' });
      const count = `grep -slzx '432[1]' /proc/[0-9]*/cmdline | wc -l`;
      await expect.poll(() => shell(backend, agent, count)).toBe('0');
      expect(await shell(backend, agent, 'echo alive')).toBe('alive');
    });

    it('a program that takes too long is no longer waited for, whoever goes on with its output', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const agent = bottle.ref('agent');
      // Without the mark of its environment nobody knows whose it is.
      const stdin = 'env -i setsid sleep 60 & sleep 60';
      await expect(
        backend.exec(agent, request(['sh', '-s'], { stdin, timeoutMs: 500 })),
      ).rejects.toMatchObject({ code: 'timeout' });
      expect(await shell(backend, agent, 'echo alive')).toBe('alive');
    });

    it('exec in a stopped container is an error', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      await backend.stop(bottle.ref('agent'), 0);
      await expect(backend.exec(bottle.ref('agent'), request(['true']))).rejects.toMatchObject({
        name: 'BackendError',
      });
    });

    it('logs give lines, the last ones, and follow until told to stop', async () => {
      const command = [
        'sh',
        '-c',
        'echo one; echo two >&2; echo three; while read -r x; do :; done; sleep 4321',
      ];
      await using bottle = bottleUnderTest(under, 'dev', { agent: { command } });
      const backend = under.open();
      await bottle.up(backend);
      const read = async (tail: number | null) => {
        const lines: string[] = [];
        const signal = new AbortController().signal;
        const options = { follow: false, tail, signal };
        for await (const line of backend.logs(bottle.ref('agent'), options)) lines.push(line);
        return lines;
      };
      await expect.poll(async () => (await read(null)).sort()).toEqual(['one', 'three', 'two']);
      expect(await read(1)).toHaveLength(1);
      const stop = new AbortController();
      const followed: string[] = [];
      const options = { follow: true, tail: null, signal: stop.signal };
      for await (const line of backend.logs(bottle.ref('agent'), options)) {
        followed.push(line);
        if (followed.length === 3) stop.abort();
      }
      expect(followed).toHaveLength(3);
    });

    it('a signal reaches the first process', async () => {
      const script = 'trap "exit 3" HUP; echo listening; while :; do sleep 0.05; done';
      const command = ['sh', '-c', script];
      await using bottle = bottleUnderTest(under, 'dev', { agent: { command } });
      const backend = under.open();
      await bottle.up(backend);
      const { signal } = new AbortController();
      const logged = async () => {
        const options = { follow: false, tail: 1, signal };
        for await (const line of backend.logs(bottle.ref('agent'), options)) return line;
        return null;
      };
      await expect.poll(logged).toBe('listening');
      await backend.signal(bottle.ref('agent'), 'SIGHUP');
      await expect
        .poll(async () => {
          const observation = await backend.observe(bottle.fleet);
          if (!observation.available) return observation.reason;
          const containers = observation.bottles.flatMap((seen) => seen.containers);
          return containers.find(({ component }) => component === 'agent')?.exitCode;
        })
        .toBe(3);
    });

    it('stats are those of a running container', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const stats = await backend.stats(bottle.ref('agent'));
      expect(stats.cpuSeconds).toBeGreaterThan(0);
      expect(stats.memoryBytes).toBeGreaterThan(0);
    });

    it('what an agent wrote is in what its files take, and in no other bottle’s', async () => {
      await using bottle = bottleUnderTest(under);
      await using other = bottleUnderTest(under, 'other', { fleet: bottle.fleet });
      const backend = under.open();
      await bottle.up(backend);
      await other.up(backend);
      const limits = new Map([bottle, other].map((each) => [each.bottle, 1024 ** 3]));
      const look = () => backend.diskUse(bottle.fleet, limits, new AbortController().signal);
      const before = await look();
      const file = `${under.diskFolder}/ballast`;
      await shell(backend, bottle.ref('agent'), `head -c 8388608 /dev/zero > ${file}`);
      // Counted anew by whoever did not look yet: the one who did may know that it cannot be past its limit.
      const after = await under.open().diskUse(bottle.fleet, limits, new AbortController().signal);
      const grown = (name: typeof bottle.bottle) =>
        (after.get(name)?.bytes ?? 0) - (before.get(name)?.bytes ?? 0);
      expect(grown(bottle.bottle)).toBeGreaterThanOrEqual(8 * 1024 * 1024);
      expect(grown(other.bottle)).toBeLessThan(1024 * 1024);
      expect(await backend.diskUse(bottle.fleet, new Map(), new AbortController().signal)).toEqual(
        new Map(),
      );
    });

    it('the attach command gives a terminal to the user of the container', async () => {
      await using bottle = bottleUnderTest(under);
      const backend = under.open();
      await bottle.up(backend);
      const argv = backend.attachCommand(bottle.ref('agent'), [
        'sh',
        '-c',
        'test -t 0 && test -t 1 && echo terminal; id -u',
      ]);
      const quoted = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
      const { stdout } = await promisify(execFile)('script', ['-qec', quoted, '/dev/null']);
      expect(stdout.replaceAll('\r', '')).toBe('terminal\n1000\n');
    });
  });
}
