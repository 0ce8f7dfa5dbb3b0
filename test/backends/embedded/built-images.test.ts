import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { buildImage } from '../../../src/backends/embedded/build/build-image.ts';
import type { BuildLimits } from '../../../src/backends/embedded/build/perform-steps.ts';
import { openMachine } from '../../../src/backends/embedded/machine.ts';
import { identify } from '../../../src/backends/embedded/process-table.ts';
import type { ImageBuild } from '../../../src/model/component.ts';
import { pathWithout } from '../../builders/path-without.ts';
import { uniqueFleet } from '../../contract/backend-under-test.ts';
import { bottleUnderTest, shell } from '../../contract/bottle-under-test.ts';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';

const embedded = await embeddedUnderTest();
const bytes = (text: string) => new TextEncoder().encode(text);

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

describe.skipIf(embedded.kind === 'none')('embedded: images from a Dockerfile', () => {
  if (embedded.kind === 'none') return;
  const { under, directory } = embedded;

  /** Builds `FROM` the image of the tests with these instructions. */
  async function built(lines: readonly string[], context: ImageBuild['context'] = new Map()) {
    const reference = `bb/test-built:${uniqueFleet()}`;
    const said: string[] = [];
    const dockerfile = `ARG BASE\nFROM $BASE\n${lines.join('\n')}\n`;
    const build = { reference, dockerfile, buildArgs: { BASE: under.image }, context };
    await under.open().ensureImage(build, (line) => said.push(line));
    return { reference, said };
  }

  async function inside(image: string, script: string): Promise<string> {
    await using bottle = bottleUnderTest(under, 'dev', { agent: { image } });
    const backend = under.open();
    await bottle.up(backend);
    return await shell(backend, bottle.ref('agent'), script);
  }

  const failure = (lines: readonly string[], context?: ImageBuild['context']) =>
    built(lines, context).then(
      () => 'built',
      (error: Error) => error.message,
    );

  it('what RUN and COPY put there is in the bottle, ENV in its environment, the rest as it was', async () => {
    const context = new Map([
      ['tool.sh', bytes('#!/bin/sh\necho the tool works\n')],
      ['data/a/one', bytes('1')],
    ]);
    const { reference, said } = await built(
      [
        'ENV GREETING="good day" PLACE=/srv/data',
        'COPY tool.sh /bin/tool',
        'RUN chmod 755 /usr/bin/tool && echo made > /etc/made.conf && mkdir /new && echo new > /new/file',
        'WORKDIR $PLACE',
        'COPY data .',
        'RUN rm /usr/bin/tac && ln -s /usr/bin/tool /usr/local/bin/link',
        'RUN echo at home > /home/agent/.made',
      ],
      context,
    );
    expect(said).toContain('Step 1/6 : COPY tool.sh /bin/tool');
    const script = [
      ...['tool', 'link', 'echo $GREETING', 'cat /etc/made.conf /new/file /srv/data/a/one', 'echo'],
      ...['cat ~/.made', 'command -v tac || echo no tac', 'command -v cat', 'cat /etc/hostname'],
      ...['echo $HOME', 'id -u'],
    ];
    expect((await inside(reference, script.join('\n'))).split('\n')).toEqual([
      ...['the tool works', 'the tool works', 'good day', 'made', 'new', '1'],
      ...['at home', 'no tac', '/usr/bin/cat', 'dev', '/home/agent', '1000'],
    ]);
    expect(await inside(under.image, 'command -v tool || echo no tool')).toBe('no tool');
    expect(readdirSync(join(directory, 'images')).filter((name) => name.endsWith('.tmp'))).toEqual(
      [],
    );
  }, 60_000);

  it('a build whose sandbox cannot be made looks no longer at what there is of it', async () => {
    const own = process.env['PATH'];
    const path = mkdtempSync(join(tmpdir(), 'bb-path-'));
    pathWithout(path, 'du', 'ldd');
    const [looking, programs] = [join(path, 'looking'), join(directory, 'programs')];
    writeFileSync(join(path, 'du'), `#!/bin/sh\necho $$ > ${looking}\nexec sleep 60\n`, {
      mode: 0o755,
    });
    const waiting = `until [ -s ${looking} ]; do sleep 0.05; done; exit 1`;
    writeFileSync(join(path, 'ldd'), `#!/bin/sh\n${waiting}\n`, { mode: 0o755 });
    rmSync(programs, { recursive: true, force: true });
    process.env['PATH'] = path;
    try {
      expect(await failure(['RUN true'])).toContain('ldd');
    } finally {
      process.env['PATH'] = own;
    }
    const pid = Number(readFileSync(looking, 'utf8'));
    rmSync(path, { recursive: true });
    await expect.poll(() => identify(pid)).toBeNull();
  }, 60_000);

  it('nothing of it can be changed in the bottle', async () => {
    const { reference } = await built([
      'RUN mkdir /new && chmod -R 777 /new && chmod 777 /etc /usr/bin',
    ]);
    const tries = ['/new/x', '/usr/bin/x', '/etc/x', '/opt/x', '/.bb/x', '/x'].map(
      (path) => `(echo 1 > ${path}) 2>/dev/null && echo wrote ${path}`,
    );
    expect(await inside(reference, `${tries.join('; ')}; echo 1 > ~/x && cat ~/x`)).toBe('1');
  }, 60_000);

  it('a step that fails ends the build with its line and the last that it said', async () => {
    const lines = ['RUN true', 'RUN for n in $(seq 60); do echo line $n; done; exit 3'];
    const message = await failure(lines);
    expect(message).toContain('Dockerfile:4 RUN for n in');
    expect(message).toContain('exit code 3');
    expect(message.split('\n')).toContain('line 60');
    expect(message.split('\n')).not.toContain('line 20');
  }, 60_000);

  it('is built once for many that want it at once, and again only when nothing has it', async () => {
    const reference = `bb/test-built:${uniqueFleet()}`;
    const dockerfile = 'ARG BASE\nFROM $BASE\nRUN date +%N > /made\n';
    const said: string[] = [];
    const build = { reference, dockerfile, buildArgs: { BASE: under.image }, context: new Map() };
    const ensure = () => under.open().ensureImage(build, (line) => said.push(line));
    await Promise.all([ensure(), ensure(), ensure()]);
    expect(said.filter((line) => line.startsWith('Step'))).toHaveLength(1);
    const first = await inside(reference, 'cat /made');
    await ensure();
    expect(await inside(reference, 'cat /made')).toBe(first);
  }, 60_000);

  it('an image that nothing is made of goes after a day, one that a bottle has does not', async () => {
    const [used, saved, unused, fresh] = await Promise.all(
      [1, 2, 3, 4].map(async (n) => (await built([`RUN echo ${n} > /n`])).reference),
    );
    await using bottle = bottleUnderTest(under, 'dev', { agent: { image: used ?? '' } });
    const backend = under.open();
    for (const step of bottle.making) await step(backend);
    const copy = `bb/test-saved:${uniqueFleet()}`;
    {
      await using other = bottleUnderTest(under, 'other', { agent: { image: saved ?? '' } });
      for (const step of other.making) await step(backend);
      await backend.snapshot(other.ref('agent'), copy);
    }
    const old = new Date(Date.now() - 25 * 3_600_000);
    for (const image of [used, saved, unused]) utimesSync(folderOf(image ?? ''), old, old);
    await built(['RUN true']);
    const left = [used, saved, unused, fresh].map((image) => existsSync(folderOf(image ?? '')));
    expect(left).toEqual([true, true, false, true]);
    expect(await inside(copy, 'cat /n')).toBe('2');
  }, 60_000);

  it.each([
    ['', () => undefined],
    // As a controller does that takes the fleet over.
    [
      ' whose folder somebody took away',
      (paths: readonly string[]) => {
        for (const path of paths) rmSync(path, { recursive: true });
      },
    ],
  ])(
    'a build whose process was killed%s leaves nothing running, and nothing on the disk after the next',
    async (_what, takeAway) => {
      const reference = `bb/test-built:${uniqueFleet()}`;
      const mark = `3${Date.now() % 100_000}`;
      const dockerfile = `ARG BASE\nFROM $BASE\nRUN (setsid sleep ${mark} &); echo begun; sleep ${mark}\n`;
      const script = [
        `import { createEmbeddedBackend } from ${JSON.stringify(resolve('src/backends/embedded/embedded-backend.ts'))};`,
        `const build = ${JSON.stringify({ reference, dockerfile, buildArgs: { BASE: under.image } })};`,
        `const backend = createEmbeddedBackend({ directory: ${JSON.stringify(directory)} });`,
        'await backend.ensureImage({ ...build, context: new Map() }, console.log);',
      ].join('\n');
      const argv = ['--input-type=module', '--eval', script];
      const builder = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
      for await (const line of createInterface(builder.stdout)) if (line === 'begun') break;
      await expect.poll(() => sleepers(mark)).not.toEqual([]);
      builder.kill('SIGKILL');
      await expect.poll(() => sleepers(mark)).toEqual([]);
      const temporary = () =>
        readdirSync(join(directory, 'images')).filter((one) => one.endsWith('.tmp'));
      const users = join(directory, 'users');
      const builders = () =>
        (existsSync(users) ? readdirSync(users) : [])
          .map((file) => readFileSync(join(users, file), 'utf8'))
          .filter((name) => name.startsWith('bb-build-'));
      expect(temporary()).toHaveLength(1);
      takeAway(temporary().map((name) => join(directory, 'images', name)));
      await built(['RUN true']);
      expect(temporary()).toEqual([]);
      expect(builders()).toEqual([]);
      expect(existsSync(folderOf(reference))).toBe(false);
    },
    60_000,
  );

  it('takes the place of what a removal that was cut off left of its image', async () => {
    const reference = `bb/test-built:${uniqueFleet()}`;
    mkdirSync(join(folderOf(reference), 'layer', 'root', 'old'), { recursive: true });
    const dockerfile = 'ARG BASE\nFROM $BASE\nRUN echo new > /made\n';
    const build = { reference, dockerfile, buildArgs: { BASE: under.image }, context: new Map() };
    await under.open().ensureImage(build, () => undefined);
    expect(await inside(reference, 'cat /made; ls -d /old 2>/dev/null || echo not old')).toBe(
      'new\nnot old',
    );
  }, 60_000);

  it('is refused when it puts more beside the folders of programs than a bottle can be made of', async () => {
    const message = await failure(['RUN mkdir /many', 'RUN seq -f /f%g 1200 | xargs touch']);
    expect(message).toContain('Dockerfile:4 ');
    expect(message).toContain('1,000 files and folders');
    const { reference } = await built(['RUN mkdir /many && seq -f /many/f%g 1200 | xargs touch']);
    expect(await inside(reference, 'ls /many | wc -l')).toBe('1200');
  }, 60_000);

  describe('a hostile one', () => {
    it('leaves no process, neither to its next step nor to the host', async () => {
      const mark = `4${Date.now() % 100_000}`;
      const { said } = await built([
        `RUN (setsid sleep ${mark} & setsid sh -c 'trap "" TERM HUP; sleep ${mark}' &) ; sleep 0.2; pgrep -fc 'sleep ${mark}' || true`,
        `RUN echo "left: $(pgrep -fc 'sleep ${mark}$' || true)"`,
      ]);
      expect(said).toContain('left: 0');
      expect(sleepers(mark)).toEqual([]);
    }, 60_000);

    it("has no network, none of the host's files but its programs, and no rights", async () => {
      const secret = join(directory, 'secret-of-the-host');
      writeFileSync(secret, 'hidden', { mode: 0o644 });
      const { said } = await built([
        "RUN tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '",
        `RUN cat ${secret} /etc/shadow /root/.ssh/* 2>/dev/null || echo nothing to read`,
        'RUN ls /tmp /home /root | sort | xargs echo',
        'RUN for way in "unshare --user true" "mount -t tmpfs x /tmp" "chroot / true" "mknod /dev/sda b 8 0"; do $way 2>/dev/null && echo made: $way; done; echo tried',
        'RUN env | cut -d= -f1 | sort | tr "\\n" " "',
        'RUN grep -h -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status | tr -s "\\t\\n" " "',
      ]);
      const answers = said.filter((line) => !line.startsWith('Step '));
      expect(answers).toEqual([
        'lo',
        'nothing to read',
        '/home: /root: /tmp: agent',
        'tried',
        'BB_EXEC HOME LANG PATH PWD',
        'CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2',
      ]);
    }, 60_000);

    it("puts nothing in the way of those who join a bottle: what they run with rights is not the image's", async () => {
      const spy = '#!/bin/sh\nid -u > /tmp/ran-with; exit 1\n';
      const { reference, said } = await built(
        [
          'COPY spy /tmp/spy',
          'COPY spy /opt/spy',
          'RUN for one in bwrap prlimit nsenter unshare; do rm /usr/bin/$one; cp /opt/spy /usr/bin/$one && chmod 755 /usr/bin/$one; done',
          'RUN (echo /opt/evil.so > /etc/ld.so.preload) 2>/dev/null || echo not that',
          'RUN (mv /etc /etc2 || mv /.bb /.bc || rm -rf /.bb/bin || ln -sf / /.bb) 2>/dev/null || echo not these',
          'RUN one=$(echo /usr/lib/*/libcap.so.2) && rm $one && cp /opt/spy $one && echo went on',
        ],
        new Map([['spy', bytes(spy)]]),
      );
      expect(said).toContain('not that');
      expect(said).toContain('not these');
      expect(said).toContain('went on');
      expect(await inside(reference, 'cat /usr/bin/bwrap | head -n 1; ls /tmp')).toBe('#!/bin/sh');
    }, 60_000);

    it('follows its links only inside', async () => {
      const outside = join(directory, 'outside');
      mkdirSync(outside, { mode: 0o777 });
      const { reference } = await built(
        [
          `RUN mkdir -p /opt/here && ln -s ${outside} /opt/out && ln -s /opt/here /opt/in`,
          'COPY a /opt/in/',
          'RUN ln -s ../../../../../../etc/passwd /opt/link',
        ],
        new Map([['a', bytes('a')]]),
      );
      await failure(
        [`RUN ln -s ${outside} /opt/out`, 'COPY a /opt/out/', `RUN echo b > /opt/out/b`],
        new Map([['a', bytes('a')]]),
      );
      expect(readdirSync(outside)).toEqual([]);
      expect(await inside(reference, 'cat /opt/here/a; echo; grep -c agent /opt/link')).toBe(
        'a\n1',
      );
    }, 60_000);

    it('is ended when it writes too much or takes too long, and leaves nothing', async () => {
      const machine = openMachine(directory);
      const small = { milliseconds: 60_000, bytes: 8 * 1024 * 1024 };
      const build = (lines: readonly string[], limits: BuildLimits) =>
        buildImage(
          machine,
          {
            reference: 'bb/test-limits:1',
            dockerfile: `FROM ${under.image}\n${lines.join('\n')}\n`,
            buildArgs: {},
            context: new Map(),
          },
          () => undefined,
          limits,
        );
      const fill = 'RUN for n in $(seq 40); do head -c 1000000 /dev/zero > /many-$n; done';
      await expect(build([fill], small)).rejects.toThrow(
        /:2 the build was ended: it left more than 8 MiB/,
      );
      await expect(build(['RUN truncate -s 9M /one && ls -l /one'], small)).rejects.toThrow(
        /exit code/,
      );
      const quick = { ...small, milliseconds: 1_500 };
      await expect(build(['RUN sleep 60'], quick)).rejects.toThrow(
        /:2 the build was ended: it took longer/,
      );
      // Whoever holds a limit weakly loses it between two steps.
      const collecting = setInterval(collectGarbage, 20);
      await expect(build(['RUN sleep 0.2', 'RUN sleep 60'], quick))
        .rejects.toThrow(/ the build was ended: it took longer/)
        .finally(() => clearInterval(collecting));
      await build(['RUN truncate -s 7M /one'], small);
      expect(existsSync(folderOf('bb/test-limits:1'))).toBe(true);
      expect(readdirSync(join(directory, 'images')).filter((one) => one.endsWith('.tmp'))).toEqual(
        [],
      );
    }, 60_000);

    it('keeps no larger a home than it may leave, whatever it makes of tar', async () => {
      const script = '#!/bin/sh\\nhead -c 50000000 /dev/zero\\n';
      const hostile = `RUN touch ~/x && rm /usr/bin/tar && printf '${script}' > /usr/bin/tar && chmod 755 /usr/bin/tar`;
      const build = buildImage(
        openMachine(directory),
        {
          reference: 'bb/test-home:1',
          dockerfile: `FROM ${under.image}\nUSER agent\nRUN true\nUSER root\n${hostile.replace('~', '/home/agent')}\n`,
          buildArgs: {},
          context: new Map(),
        },
        () => undefined,
        { milliseconds: 60_000, bytes: 8 * 1024 * 1024 },
      );
      await expect(build).rejects.toThrow(/:5 the build was ended: it left more than 8 MiB/);
    }, 60_000);

    it('holds up no start by a shell that never lets go, and leaves nothing beside a file that was read', async () => {
      const mark = `5${Date.now() % 100_000}`;
      const shellOfIts = [
        '#!/bin/bash',
        'case "$2" in',
        `  printf*) printf x >&3; setsid sleep ${mark} & read -r go <&3; sleep ${mark} ;;`,
        '  *) exec dash "$@" ;;',
        'esac',
      ];
      const { reference } = await built(
        ['COPY shell /opt/shell', 'RUN chmod 755 /opt/shell && mv /opt/shell /usr/bin/sh'],
        new Map([['shell', bytes(`${shellOfIts.join('\n')}\n`)]]),
      );
      await using bottle = bottleUnderTest(under, 'dev', { agent: { image: reference } });
      const backend = under.open();
      for (const step of bottle.making) await step(backend);
      const passwd = await backend.copyOut(bottle.ref('agent'), '/etc/passwd', 4096);
      expect(Buffer.from(passwd ?? []).toString()).toContain('agent');
      await expect.poll(() => sleepers(mark)).toEqual([]);
      await backend.start(bottle.ref('agent'));
      expect(sleepers(mark)).not.toEqual([]);
      await backend.stop(bottle.ref('agent'), 0);
      await expect.poll(() => sleepers(mark)).toEqual([]);
    }, 60_000);

    it('has no program that would run as somebody else', async () => {
      const { reference } = await built([
        'RUN cp /bin/true /opt/true && chmod 6755 /opt/true && stat -c %a /opt/true',
      ]);
      expect(await inside(reference, 'stat -c %a /opt/true')).toBe('755');
    }, 60_000);
  });

  function folderOf(reference: string): string {
    return join(directory, 'images', encodeURIComponent(reference));
  }
});

/** Processes of this machine that sleep for that long. */
function sleepers(seconds: string): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8') === `sleep\0${seconds}\0`;
    } catch {
      return false;
    }
  });
}
