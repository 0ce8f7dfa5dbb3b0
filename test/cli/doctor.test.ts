import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type CheckResult, examine } from '../../src/controller/doctor.ts';
import { ensureCertificateAuthority } from '../../src/sidecars/egress/certificate-authority.ts';
import { pathWithout } from '../builders/path-without.ts';
import { servedRemote } from '../builders/served-remote.ts';
import { runBb } from './run-bb.ts';

/** A home of its own for one test, and what doctor says of it. */
function examinedHome() {
  const home = mkdtempSync(join(tmpdir(), 'bb-doctor-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const environment = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_STATE_HOME: join(home, 'state'),
    DOCKER_HOST: `unix://${home}/no-engine.sock`,
    PATH: process.env['PATH'],
  };
  return {
    home,
    environment,
    writeConfig(text: string): void {
      mkdirSync(join(home, 'config/bb'), { recursive: true });
      writeFileSync(join(home, 'config/bb/config.yaml'), text, { mode: 0o600 });
    },
    async check(name: string): Promise<CheckResult | undefined> {
      const results = await examine({ repository: home, environment });
      return results.find((result) => result.name === name);
    },
  };
}

test('everything that is not ok says what to do', async () => {
  const { home, environment } = examinedHome();
  const results = await examine({ repository: home, environment });
  expect(results.map(({ name }) => name)).toEqual([
    'node',
    'git',
    'repository',
    'remote',
    'host config',
    'engine',
    'images',
    'sandboxes',
    'limits',
    'terminals',
    'pipelock',
    'secrets file',
    'logins',
    'agent programs',
    'state directory',
    'disk',
    'clock',
  ]);
  for (const { state, fix } of results) expect(fix === null).toBe(state === 'ok');
});

test('a disk with no place for another file is full, however much is free', async () => {
  const { home, check } = examinedHome();
  expect((await check('disk'))?.state).not.toBe('fail');
  const state = join(home, 'state/bb');
  mkdirSync(state, { recursive: true });
  const mounting = ['-t', 'tmpfs', '-o', 'size=4g,nr_inodes=100', 'bb-test', state];
  if (spawnSync('mount', mounting).status !== 0) return console.warn('SKIPPED: may not mount');
  onTestFinished(() => void spawnSync('umount', ['--lazy', state]));
  expect(await check('disk')).toMatchObject({ state: 'ok' });
  const fill = (from: number, to: number) => {
    for (let index = from; index < to; index += 1) writeFileSync(join(state, `${index}`), '');
  };
  fill(0, 97);
  expect(await check('disk')).toMatchObject({
    state: 'warn',
    detail: expect.stringMatching(/^4\.0 GiB free, places for \d more files at /),
  });
  const added = 97 + Number(/for (\d+) more/.exec((await check('disk'))?.detail ?? '')?.[1]);
  fill(97, added);
  expect(await check('disk')).toMatchObject({ state: 'fail', fix: expect.any(String) });
});

test('nowhere to run a bottle is a failed check, and the command exits 1', async () => {
  const { home, environment } = examinedHome();
  const nowhere = { ...environment, PATH: pathWithout(join(home, 'bin'), 'bwrap') };
  const ran = await runBb(['doctor', '--repo', home], { environment: nowhere });
  expect(ran.exitCode).toBe(1);
  expect(ran.stdout).toMatch(/^fail {2}engine/m);
  const json = await runBb(['doctor', '--json', '--repo', home], { environment: nowhere });
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false });
});

test('a bottle whose authority is of another time is told, one in its time is not', async () => {
  const { check, environment } = examinedHome();
  const DAY_MS = 86_400_000;
  const makeAuthority = (bottle: string, madeMs: number) => {
    const root = join(environment.XDG_STATE_HOME, 'bb/home/bottles', bottle);
    mkdirSync(join(root, 'trust'), { recursive: true });
    ensureCertificateAuthority(join(root, 'egress/state'), join(root, 'trust'), madeMs);
  };
  makeAuthority('dev', Date.now());
  expect((await check('clock'))?.state).toBe('ok');
  makeAuthority('ahead', Date.now() + 3 * DAY_MS);
  expect(await check('clock')).toMatchObject({
    state: 'fail',
    detail: expect.stringContaining('home/ahead (not-valid-yet)'),
    fix: expect.stringContaining('set the clock'),
  });
});

test('a secrets file that others can read fails, one for the operator alone is ok', async () => {
  const { home, check } = examinedHome();
  expect(await check('secrets file')).toMatchObject({ state: 'ok' });
  const file = join(home, 'config/bb/secrets.yaml');
  mkdirSync(join(home, 'config/bb'), { recursive: true });
  writeFileSync(file, '{}\n');
  chmodSync(file, 0o640);
  expect(await check('secrets file')).toMatchObject({ state: 'fail', fix: `chmod 600 ${file}` });
  chmodSync(file, 0o600);
  expect(await check('secrets file')).toMatchObject({ state: 'ok', detail: file });
});

test('the engine is the one that the host config names, before DOCKER_HOST', async () => {
  const { home, writeConfig, check } = examinedHome();
  expect((await check('engine'))?.detail).toContain('no-engine.sock');
  writeConfig(`docker:\n  host: unix://${home}/other.sock\n`);
  expect(await check('host config')).toMatchObject({ state: 'ok' });
  const engine = await check('engine');
  expect(engine?.detail).toContain('other.sock');
  expect(engine?.detail).not.toContain('no-engine.sock');
});

test('a host config that is not valid is one failure, and no engine is asked', async () => {
  const { writeConfig, check } = examinedHome();
  writeConfig('docker:\n  hots: unix:///x.sock\n');
  const config = await check('host config');
  expect(config).toMatchObject({ state: 'fail' });
  expect(config?.detail).toContain('config.yaml:2:3');
  expect(await check('engine')).toMatchObject({ state: 'fail', fix: 'see "host config"' });
});

test('images base imports into the engine of the host config, and says what it could not do', async () => {
  const { home, environment, writeConfig } = examinedHome();
  writeConfig(`docker:\n  host: unix://${home}/other.sock\n`);
  const argv = ['images', 'base', '--config', join(home, 'config/bb')];
  const ran = await runBb(argv, { environment });
  expect(ran).toMatchObject({ exitCode: 1, stdout: '' });
  expect(ran.stderr).toContain('other.sock');
  writeConfig('docker: 7\n');
  expect(await runBb(argv, { environment })).toMatchObject({ exitCode: 2 });
});

test('the programs of agents are known, too old, unknown or not there', async () => {
  const { home, writeConfig, check } = examinedHome();
  expect(await check('agent programs')).toMatchObject({ state: 'ok' });
  const bin = join(home, 'programs/bin');
  mkdirSync(bin, { recursive: true });
  writeConfig(`programs: ${home}/programs\n`);
  expect(await check('agent programs')).toMatchObject({
    state: 'warn',
    detail: `${bin} has neither claude nor codex`,
  });
  const install = (name: string, script: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  install('claude', 'echo "2.1.330 (Claude Code)"');
  install('codex', '[ "$HOME" != / ] && [ -z "$DOCKER_HOST" ] && echo codex-cli 0.169.0');
  expect(await check('agent programs')).toMatchObject({
    state: 'ok',
    detail: 'claude: 2.1.330 (Claude Code), codex: codex-cli 0.169.0',
  });
  install('claude', 'echo 1.9.9');
  install('codex', 'echo codex-cli 7.0.0');
  expect(await check('agent programs')).toMatchObject({
    state: 'warn',
    detail: expect.stringMatching(
      /claude .* 1\.9\.9, which is too old.*codex .* 7\.0\.0, which is unknown/,
    ),
    fix: `put a version that bb knows into ${bin}`,
  });
  install('codex', 'exit 3');
  expect((await check('agent programs'))?.detail).toContain('exit code 3');
});

test('a login of codex is told with its end, one that is over fails with the fix', async () => {
  const { home, check } = examinedHome();
  expect(await check('logins')).toMatchObject({ state: 'ok', detail: 'none named' });
  mkdirSync(join(home, 'config/bb'), { recursive: true });
  const text = `chatgpt: {from: {codexLogin: ${home}/auth.json}, hosts: [chatgpt.com]}\n`;
  writeFileSync(join(home, 'config/bb/secrets.yaml'), text, { mode: 0o600 });
  const login = (exp: number) => {
    const claims = Buffer.from(JSON.stringify({ exp })).toString('base64url');
    const tokens = { access_token: `head.${claims}.tell-nobody` };
    writeFileSync(join(home, 'auth.json'), JSON.stringify({ tokens }));
  };
  expect(await check('logins')).toMatchObject({
    state: 'fail',
    fix: expect.stringContaining('codex login'),
  });
  login(4_000_000_000);
  const valid = await check('logins');
  expect(valid).toMatchObject({ state: 'ok', detail: 'chatgpt until 2096-10-02T07:06:40.000Z' });
  login(1_000_000_000);
  expect(await check('logins')).toMatchObject({
    state: 'fail',
    detail: expect.stringContaining('has expired'),
  });
});

test('looking changes nothing', async () => {
  const { home, check } = examinedHome();
  await check('state directory');
  expect(() => rmSync(join(home, 'state'))).toThrow();
});

test('pipelock is built in, or a program that says its version', async () => {
  const { home, writeConfig, check } = examinedHome();
  const run = async (script: string | null) => {
    const program = join(home, 'a pipelock');
    if (script !== null) writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    writeConfig(script === null ? 'pipelock: off\n' : `pipelock: {program: "${program}"}\n`);
    return check('pipelock');
  };
  expect(await run(null)).toMatchObject({
    state: 'ok',
    detail: expect.stringMatching(/^built-in/),
  });
  expect(await run('echo "pipelock version 2.3.0"; echo "  more"')).toMatchObject({
    state: 'ok',
    detail: expect.stringMatching(/^pipelock version 2\.3\.0 at /),
  });
  expect(await run('exit 1')).toMatchObject({ state: 'fail', fix: expect.stringMatching(/off/) });
  expect(await run('echo "$HOME$PATH"')).toMatchObject({ state: 'fail' });
});

test('without an engine it is the sandboxes that count, and what they lack is said with its fix', async () => {
  const { home, environment: all } = examinedHome();
  const results = (env: typeof all) => examine({ repository: home, environment: env });
  const stateOf = async (env: typeof all, name: string) =>
    (await results(env)).find((result) => result.name === name);
  const hasSandboxes = (await stateOf(all, 'sandboxes'))?.state === 'ok';
  expect((await stateOf(all, 'engine'))?.state).toBe(hasSandboxes ? 'warn' : 'fail');

  const bare = { ...all, PATH: pathWithout(join(home, 'bin'), 'bwrap', 'dtach') };
  expect(await stateOf(bare, 'engine')).toMatchObject({ state: 'fail' });
  expect(await stateOf(bare, 'sandboxes')).toMatchObject({
    state: 'warn',
    detail: 'bubblewrap is not installed',
    fix: expect.stringContaining('apt-get install bubblewrap'),
  });
  expect(await stateOf(bare, 'terminals')).toMatchObject({
    state: 'warn',
    fix: expect.stringContaining('apt-get install dtach'),
  });
});

test('a remote is asked whether it answers, has the branch and takes pushes', async () => {
  const { writeConfig, check } = examinedHome();
  const remote = await servedRemote({ 'desired-state/fleet.yaml': 'name: home\n' });
  const follow = (branch: string) =>
    writeConfig(`source: {repository: ${remote.url}, branch: ${branch}}\n`);
  follow('main');
  expect(await check('remote')).toMatchObject({
    state: 'ok',
    detail: expect.stringContaining('main at '),
  });
  remote.isReadOnly = true;
  expect(await check('remote')).toMatchObject({
    state: 'warn',
    fix: expect.stringContaining('source.credential'),
  });
  follow('elsewhere');
  expect(await check('remote')).toMatchObject({
    state: 'fail',
    detail: expect.stringContaining('has no branch elsewhere'),
  });
  remote.isDown = true;
  expect(await check('remote')).toMatchObject({
    state: 'fail',
    detail: expect.stringContaining('cannot be reached'),
  });
});
