import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BundleStatus } from '../../../src/model/sidecar.ts';
import { eventually } from '../../eventually.ts';

/** Says who it is, and that it was asked to reload or to end. */
const FAITHFUL = `
import { writeFileSync } from 'node:fs';
process.on('SIGHUP', () => console.log('NAME reloads'));
process.on('SIGTERM', () => { console.log('NAME ends'); process.exit(0); });
writeFileSync(process.env.BB_SIDECAR_ROOT + '/NAME.pid', String(process.pid));
console.log('NAME is up');
setInterval(() => {}, 1000);
`;

/** A bundle over programs of the test's own making. */
class BundleHarness implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'bb-bundle-'));
  readonly child: ChildProcess;
  output = '';

  constructor(programs: { readonly [name: string]: string }, stdout: 'pipe' | number = 'pipe') {
    mkdirSync(join(this.root, 'programs'));
    for (const [name, source] of Object.entries(programs)) {
      writeFileSync(join(this.root, 'programs/package.json'), '{"type":"module"}');
      writeFileSync(join(this.root, `programs/${name}.js`), source.replaceAll('NAME', name));
    }
    this.child = spawn(process.execPath, ['src/sidecars/bundle/main.ts'], {
      env: {
        ...process.env,
        BB_SIDECAR_ROOT: this.root,
        BB_SIDECAR_PROGRAMS: join(this.root, 'programs'),
      },
      stdio: ['ignore', stdout, 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
  }

  status(name: string): BundleStatus['programs'][number] | undefined {
    const file = join(this.root, 'bundle/out/status.json');
    if (!existsSync(file)) return undefined;
    const status: BundleStatus = JSON.parse(readFileSync(file, 'utf8'));
    return status.programs.find((program) => program.name === name);
  }

  pid(name: string): number | undefined {
    const file = join(this.root, `${name}.pid`);
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
  }

  /** Gives the exit code when all that it said has come too. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const code = new Promise<number | null>((resolve) => this.child.once('close', resolve));
    this.child.kill(signal);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.end('SIGTERM');
    rmSync(this.root, { recursive: true, force: true });
  }
}

test('programs start in order, with their names before their lines', async () => {
  await using bundle = new BundleHarness({ supervise: FAITHFUL, egress: FAITHFUL });
  await eventually('both run', () => bundle.status('supervise')?.state === 'running');
  await eventually('both have spoken', () =>
    /egress is up[\s\S]*supervise is up|supervise is up[\s\S]*egress is up/.test(bundle.output),
  );
  expect(bundle.output).toContain('egress | egress is up\n');
  const file = readFileSync(join(bundle.root, 'bundle/out/status.json'), 'utf8');
  expect(JSON.parse(file).programs).toMatchObject([{ name: 'egress' }, { name: 'supervise' }]);
});

test('one that dies starts again, and the other one stays the same process', async () => {
  await using bundle = new BundleHarness({ egress: FAITHFUL, supervise: FAITHFUL });
  const [first, other] = await eventually('both are up', () => {
    const pids = [bundle.pid('egress'), bundle.pid('supervise')] as const;
    return pids[0] !== undefined && pids[1] !== undefined
      ? ([pids[0], pids[1]] as const)
      : undefined;
  });
  process.kill(first, 'SIGKILL');
  await eventually('it is up again', () => (bundle.pid('egress') ?? first) !== first);
  expect(bundle.status('egress')).toMatchObject({
    state: 'running',
    restarts: 1,
    lastExit: 'SIGKILL',
  });
  expect(bundle.pid('supervise')).toBe(other);
  expect(bundle.status('supervise')).toMatchObject({ restarts: 0, lastExit: null });
});

test('one that cannot live is tried again ever more slowly', async () => {
  await using bundle = new BundleHarness({ egress: 'process.exit(7);', supervise: FAITHFUL });
  await eventually('three restarts', () => (bundle.status('egress')?.restarts ?? 0) >= 3);
  expect(bundle.status('egress')).toMatchObject({ lastExit: 'exit 7' });
  expect(bundle.output).toMatch(/in 100 ms[\s\S]*in 200 ms[\s\S]*in 400 ms/);
  expect(bundle.status('supervise')).toMatchObject({ state: 'running', restarts: 0 });
});

test.for(['SIGTERM', 'SIGINT'] as const)('%s ends all, and then the bundle', async (signal) => {
  await using bundle = new BundleHarness({ egress: FAITHFUL, supervise: FAITHFUL });
  await eventually(
    'both are up',
    () => bundle.output.includes('egress is up') && bundle.output.includes('supervise is up'),
  );
  expect(await bundle.end(signal)).toBe(0);
  expect(bundle.output).toContain('egress ends');
  expect(bundle.output).toContain('supervise ends');
  expect(bundle.status('egress')).toMatchObject({ state: 'stopped' });
});

test('one that ignores TERM is killed after the grace', async () => {
  const deaf = `process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000);`;
  await using bundle = new BundleHarness({ egress: deaf });
  await eventually('it listens to nothing', () => bundle.output.includes('deaf'));
  expect(await bundle.end('SIGTERM')).toBe(0);
  expect(bundle.status('egress')).toMatchObject({ state: 'stopped', lastExit: 'SIGKILL' });
});

test('HUP is passed on and ends nothing', async () => {
  await using bundle = new BundleHarness({ egress: FAITHFUL });
  await eventually('it is up', () => bundle.output.includes('egress is up'));
  bundle.child.kill('SIGHUP');
  await eventually('it reloads', () => bundle.output.includes('egress reloads'));
  expect(bundle.status('egress')).toMatchObject({ state: 'running', restarts: 0 });
});

test('a program cannot forge the lines of another one', async () => {
  const forger = `console.log('a\\u001b[2J\\rsupervise | forged'); setInterval(() => {}, 1000);`;
  await using bundle = new BundleHarness({ egress: forger });
  await eventually('it has spoken', () => bundle.output.includes('forged'));
  expect(bundle.output).not.toContain('\u001b');
  for (const line of bundle.output.trimEnd().split('\n')) expect(line).toMatch(/^egress \| /);
});

test('egress alone has threads for many names at a time', async () => {
  const tells =
    "console.log('NAME has ' + process.env.UV_THREADPOOL_SIZE); setInterval(() => {}, 1000);";
  await using bundle = new BundleHarness({ egress: tells, supervise: tells });
  await eventually('both are up', () => bundle.output.includes('supervise has undefined'));
  await eventually('egress has its threads', () => bundle.output.includes('egress has 48'));
});

test('a disk that takes neither lines nor status ends nobody, and has the status when there is room', async () => {
  const full = openSync('/dev/full', 'w');
  await using bundle = new BundleHarness({ egress: FAITHFUL }, full);
  closeSync(full);
  const pid = await eventually('it is up', () => bundle.pid('egress'));
  await eventually('it runs', () => bundle.status('egress')?.state === 'running');
  const out = join(bundle.root, 'bundle/out/status.json');
  rmSync(out);
  mkdirSync(out);
  process.kill(pid, 'SIGKILL');
  await eventually('it is up again', () => (bundle.pid('egress') ?? pid) !== pid);
  rmSync(out, { recursive: true });
  await eventually('it is told', () => bundle.status('egress')?.restarts === 1);
  expect(bundle.child.exitCode).toBeNull();
});
