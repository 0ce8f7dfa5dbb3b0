import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { fingerprint, sha256 } from '../../../src/model/fingerprint.ts';
import type { BundleStatus, EgressStatus } from '../../../src/model/sidecar.ts';
import { renderPipelockConfig } from '../../../src/reconcilers/pipelock/render-config.ts';
import { egressRoute } from '../../builders/desired.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';
import { eventually } from '../../eventually.ts';
import { startUpstream } from '../egress/upstream.ts';
import { realPipelock } from './pipelock-program.ts';

const program = realPipelock();
const title = 'egress with the real pipelock program behind it';

describe.skipIf(program === null)(
  program === null ? `${title} (none on PATH, none named by BB_PIPELOCK)` : title,
  () => {
    test('what both open passes, what either keeps shut does not', async () => {
      await using world = await sidecars();
      await world.publish({ egress: ['localhost'], pipelock: ['localhost'] });
      expect(await world.request()).toBe('200');
      expect(world.seen).toBe(1);
      await world.publish({ egress: ['localhost'], pipelock: ['other.example.test'] });
      expect(await world.request()).not.toBe('200');
      await world.publish({ egress: ['other.example.test'], pipelock: ['localhost'] });
      expect(await world.request()).toBe('403');
      expect(world.seen).toBe(1);
    });

    test('while the program is dead nothing passes, and then again', async () => {
      await using world = await sidecars();
      await world.publish({ egress: ['localhost'], pipelock: ['localhost'] });
      const pid = world.pidOf(program ?? '');
      process.kill(pid, 'SIGSTOP');
      expect(await world.request()).not.toBe('200');
      process.kill(pid, 'SIGKILL');
      await eventually('another one runs', async () => (await world.request()) === '200');
      expect(world.pidOf(program ?? '')).not.toBe(pid);
    });
  },
);

test('egress refuses a table that wants pipelock where there is none', async () => {
  await using world = await sidecars({ gated: false });
  await world.publish({ egress: ['localhost'], pipelock: ['localhost'] }, 'refused');
  expect(world.egress()?.error).toBe('the table wants pipelock, which these sidecars do not have');
  expect(await world.request()).toBe('403');
});

/** The bundle as it runs in a bottle, with an upstream named localhost: the one name that every resolver knows. */
async function sidecars({ gated } = { gated: true }) {
  const folder = await temporaryFolder();
  const upstream = await startUpstream(['localhost']);
  const input = join(folder.path, 'egress/in');
  mkdirSync(input, { recursive: true });
  const child = spawn(process.execPath, ['src/sidecars/bundle/main.ts'], {
    env: {
      PATH: process.env['PATH'],
      BB_SIDECAR_ROOT: folder.path,
      BB_EGRESS_LISTEN: '127.0.0.1:0',
      BB_SUPERVISE_LISTEN: '127.0.0.1:0',
      ...(gated
        ? { BB_PIPELOCK: program ?? '', BB_PIPELOCK_FOLDER: join(folder.path, 'gate') }
        : {}),
    },
    stdio: 'ignore',
  });
  let generation = 0;
  const read = <Status>(name: string): Status | null => {
    try {
      return JSON.parse(readFileSync(join(folder.path, name, 'out/status.json'), 'utf8'));
    } catch {
      return null;
    }
  };
  const egress = () => read<EgressStatus>('egress');
  const pipelock = () => read<BundleStatus>('bundle')?.pipelock;
  await eventually('egress listens', () => (egress()?.port ?? 0) > 0);
  return {
    egress,
    get seen() {
      return upstream.seen.length;
    },
    /** Publishes a generation and waits until both gates say that they have it. */
    async publish(
      hosts: { readonly egress: readonly string[]; readonly pipelock: readonly string[] },
      outcome: 'in-force' | 'refused' = 'in-force',
    ) {
      const shared = { allowlist: [], upstream: upstream.settings };
      const routesTo = (names: readonly string[]) =>
        names.map((host) => egressRoute(host, { ports: [upstream.port] }));
      const config = renderPipelockConfig({
        ...shared,
        routes: routesTo(hosts.pipelock),
        extra: {},
      });
      const pipelockConfig = sha256(config);
      const content = { ...shared, routes: routesTo(hosts.egress), secrets: {}, pipelockConfig };
      const hash = fingerprint(content);
      generation += 1;
      const name = `gen-${generation}`;
      mkdirSync(join(input, name));
      writeFileSync(
        join(input, name, 'table.json'),
        JSON.stringify({ generation, bottle: 'dev', hash, ...content }),
      );
      writeFileSync(join(input, name, 'secrets.json'), '{}');
      writeFileSync(join(input, name, 'pipelock.yaml'), config);
      symlinkSync(name, join(input, '.current'));
      renameSync(join(input, '.current'), join(input, 'current'));
      await eventually(`generation ${generation} is ${outcome}`, () =>
        outcome === 'refused'
          ? egress()?.refusedGeneration === generation
          : egress()?.tableHash === hash &&
            pipelock()?.configHash === pipelockConfig &&
            pipelock()?.state === 'ready',
      );
    },
    /** Status of a request through both, of CONNECT where that is refused, or `000`. */
    request: () => statusOf(egress()?.port ?? 0, folder.path, upstream.port),
    pidOf: (path: string) => childOf(child, path),
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      await upstream[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function statusOf(proxyPort: number, root: string, port: number): Promise<string> {
  const argv = ['-s', '-o', '/dev/null', '-w', '%{http_connect} %{http_code}', '--max-time', '5'];
  const through = ['--noproxy', '', '-x', `http://127.0.0.1:${proxyPort}`];
  const trust = ['--cacert', join(root, 'egress/out/ca.pem')];
  const url = `https://localhost:${port}/`;
  const { stdout } = await execa('curl', [...argv, ...through, ...trust, url], { reject: false });
  const [connected = '', answered = ''] = stdout.split(' ');
  return connected === '200' ? answered : connected;
}

/** The process below `parent` that runs `path`. */
function childOf(parent: ChildProcess, path: string): number {
  const children = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8');
  for (const pid of children.trim().split(' ')) {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(`${path}\0run`)) return Number(pid);
  }
  throw new Error('the program does not run');
}
