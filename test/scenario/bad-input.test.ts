import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { builtProgram } from './built-program.ts';
import type { Ended, FleetUnderTest } from './fleet-under-test.ts';
import { scenario } from './scenario.ts';

const simulated = { engine: null } as const;

/** What, why and what to do, in lines that a terminal shows whole. */
function expectRefusal({ exitCode, stderr, stdout }: Ended, code: number, words: RegExp): void {
  expect(stderr).toMatch(words);
  expect(stderr).toMatch(/^error: /m);
  expect(stderr.trim().split('\n').length, 'says what to do').toBeGreaterThan(1);
  expect(stderr).not.toMatch(/\n\s+at .*\.(?:js|ts):\d+/);
  expect(exitCode).toBe(code);
  // A place is one line for the programs that read it; a path of this machine may be long.
  const isPlaceOrPath = (line: string) => /^\S+:\d+:\d+ |\/tmp\//.test(line);
  const tooLong = stderr.split('\n').filter((line) => line.length > 80 && !isPlaceOrPath(line));
  expect(tooLong).toEqual([]);
  expect(stdout).toBe('');
}

/** Commits files that no fleet may have, and checks that plan and reconcile refuse them and change nothing. */
async function refusesCommit(
  fleet: FleetUnderTest,
  files: { readonly [path: string]: string },
  words: RegExp,
): Promise<void> {
  await fleet.done('reconcile');
  const before = await fleet.status();
  await fleet.repository.commit(files);
  const planned = await fleet.bb('plan');
  expect(planned.stderr).toMatch(words);
  expect(planned.exitCode).toBe(2);
  expectRefusal(await fleet.bb('reconcile'), 2, words);
  const after = await fleet.status();
  expect(after.conditions).toContainEqual(
    expect.objectContaining({ type: 'SourceReady', status: 'False' }),
  );
  expect(after.lastAppliedRevision).toBe(before.lastAppliedRevision);
  await fleet.repository.git('revert', '--no-edit', 'HEAD');
  expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);
}

scenario('a folder without a repository must be refused', simulated, async (fleet) => {
  const folder = join(fleet.folder, 'nothing');
  await mkdir(folder);
  expectRefusal(await fleet.bb('-C', folder, 'plan'), 2, /git repository/);
  expectRefusal(await fleet.bb('-C', `${folder}/absent`, 'plan'), 2, /absent/);
});

scenario('an empty repository must be refused', simulated, async (fleet) => {
  const folder = join(fleet.folder, 'empty');
  await execa('git', ['init', '--quiet', '--initial-branch=main', folder]);
  expectRefusal(await fleet.bb('-C', folder, 'reconcile'), 2, /commit/);
});

scenario('a missing branch must be refused', simulated, async (fleet) => {
  await fleet.configure('config.yaml', 'source: {branch: production}\n');
  expectRefusal(await fleet.bb('plan'), 2, /production/);
  await fleet.repository.git('branch', 'production');
  await fleet.done('plan');
});

scenario(
  'only what is committed must count, also in the middle of a rebase',
  simulated,
  async (fleet) => {
    await fleet.done('reconcile');
    await fleet.repository.write({ 'desired-state/fleet.yaml': 'not: [yaml' });
    expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);
    await fleet.repository.git('checkout', '--', 'desired-state/fleet.yaml');

    await fleet.repository.git('checkout', '--quiet', '-b', 'side');
    await fleet.repository.commit({ 'desired-state/bottles/base.yaml': 'env: {PAGER: less}\n' });
    await fleet.repository.git('checkout', '--quiet', 'main');
    await fleet.repository.commit({ 'desired-state/bottles/base.yaml': 'env: {PAGER: more}\n' });
    await fleet.done('reconcile');
    const rebase = fleet.repository.git('rebase', 'side');
    await expect(rebase).rejects.toThrow(/conflict/i);
    const ended = await fleet.bb(
      '-C',
      fleet.repository.root,
      'plan',
      '--detailed-exitcode',
      'main',
    );
    expect(ended.exitCode).toBe(0);
    await fleet.repository.git('rebase', '--abort');
    expect((await fleet.bb('plan', '--detailed-exitcode')).exitCode).toBe(0);
  },
);

scenario('conflict markers in a commit must change nothing', simulated, async (fleet) => {
  const text = '<<<<<<< ours\nenv: {A: b}\n=======\nenv: {A: c}\n>>>>>>> theirs\n';
  await refusesCommit(fleet, { 'desired-state/bottles/base.yaml': text }, /conflict/);
});

scenario('two bottles of one name must change nothing', simulated, async (fleet) => {
  const files = {
    'desired-state/agents/other.yaml': 'provider: {command: [bash]}\ninstances: [{name: dev}]\n',
  };
  await refusesCommit(fleet, files, /dev/);
});

scenario('an unknown backend must change nothing', simulated, async (fleet) => {
  const files = { 'desired-state/bottles/base.yaml': 'backend: dokcer\n' };
  await refusesCommit(fleet, files, /did you mean "docker"/);
  expectRefusal(await fleet.bb('--backend', 'simluated', 'plan'), 2, /simulated/);
});

scenario('a credential must not be sent off its list', simulated, async (fleet) => {
  await fleet.configure('secrets.yaml', 'api: {from: {env: TOKEN}, hosts: [api.example.test]}\n');
  const routes =
    'routes:\n  - host: elsewhere.example.test\n    auth: {scheme: Bearer, secret: api}\n';
  await refusesCommit(
    fleet,
    { 'desired-state/routes/api.yaml': routes },
    /elsewhere\.example\.test/,
  );
});

scenario('a secrets file that others can read must be refused', simulated, async (fleet) => {
  const text = 'api: {from: {env: TOKEN}, hosts: [api.example.test]}\n';
  await fleet.configure('secrets.yaml', text, 0o640);
  expectRefusal(await fleet.bb('reconcile'), 2, /secrets\.yaml/);
  await rm(join(fleet.folder, 'config/bb/secrets.yaml'));
  await fleet.configure('secrets.yaml', text, 0o600);
  await fleet.done('reconcile');
});

scenario('a reader that goes away must not be an error', simulated, async (fleet) => {
  const bb = await builtProgram();
  const script = '"$0" --backend simulated status | true; echo "ended $PIPESTATUS"';
  const { stdout, stderr } = await execa('bash', ['-c', script, bb], {
    cwd: fleet.repository.root,
    env: fleet.environment,
    extendEnv: false,
    reject: false,
  });
  expect(`${stdout} ${stderr}`).toBe('ended 0 ');
});

scenario('NO_COLOR must win over a wish for colours', simulated, async (fleet) => {
  const control = String.fromCharCode(27);
  const bb = await builtProgram();
  const run = (more: { readonly [name: string]: string }) =>
    execa(bb, ['--backend', 'simulated', 'plan'], {
      cwd: fleet.repository.root,
      env: { ...fleet.environment, ...more },
      extendEnv: false,
    });
  expect((await run({ FORCE_COLOR: '1' })).stdout).toContain(control);
  expect((await run({ NO_COLOR: '1' })).stdout).not.toContain(control);
});

scenario('an engine that is not there must be told', simulated, async (fleet) => {
  const socket = join(fleet.folder, 'absent.sock');
  await fleet.configure('config.yaml', `docker: {host: "unix://${socket}"}\n`);
  const bb = await builtProgram();
  const run = (...argv: readonly string[]) =>
    execa(bb, ['--backend', 'docker', ...argv], {
      cwd: fleet.repository.root,
      env: fleet.environment,
      extendEnv: false,
      reject: false,
    });
  const ended = await run('reconcile', '--timeout', '5s');
  expect(ended.exitCode).toBe(1);
  const status = JSON.parse((await run('status', '--json')).stdout);
  expect(status.backends).toMatchObject([{ name: 'docker', available: false }]);
  expect((await run('status')).stdout).toContain(socket);
});
