import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import { eventually } from '../eventually.ts';
import { builtProgram } from '../scenario/built-program.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const embedded = await embeddedUnderTest();

describe.skipIf(embedded.kind === 'none')('the quick start without an engine', () => {
  test('shows a refusal, a proposal, its commit and the request that passes, and leaves nothing', async () => {
    await builtProgram();
    const home = await mkdtemp(join(tmpdir(), 'bb-quick-home-'));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    const ran = await execa(process.execPath, ['scripts/quickstart.ts'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', HOME: home, DOCKER_HOST: `unix://${home}/none.sock` },
      extendEnv: false,
      stdin: 'ignore',
      all: true,
      reject: false,
    });
    expect(ran.exitCode, ran.all).toBe(0);
    const steps = [
      'no engine answers: bottles are sandboxes of this machine, and nothing is fetched',
      '+ demo on embedded: create',
      '/public/hello -> 200',
      '/private/report -> 403',
      'Allow api.example.test for demo',
      'nothing is left.',
    ];
    expect(steps.filter((step) => !ran.all.includes(step))).toEqual([]);
    expect(ran.all).toContain('/private/report -> 200');
    const folder = /made (\/\S+)\/fleet/.exec(ran.all)?.[1];
    expect(folder).toMatch(/bb-quick-/);
    await expect(readdir(folder ?? '/')).rejects.toThrow('ENOENT');
    // Node keeps what it compiled of bb itself.
    expect(await readdir(home)).toEqual(['.cache']);
  }, 90_000);

  test('goes on with what somebody decided elsewhere, and says who', async () => {
    await builtProgram();
    const home = await mkdtemp(join(tmpdir(), 'bb-quick-home-'));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    const env = { PATH: process.env['PATH'] ?? '', HOME: home };
    const none = { ...env, DOCKER_HOST: `unix://${home}/none.sock` };
    const running = execa(
      'script',
      ['-qec', `'${process.execPath}' scripts/quickstart.ts`, '/dev/null'],
      {
        cwd: ROOT,
        env: none,
        extendEnv: false,
        all: true,
        reject: false,
      },
    );
    let said = '';
    running.all.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    onTestFinished(async () => {
      running.kill('SIGTERM');
      await running;
    });
    await eventually('it asks', () => said.includes('Approve it?'), 60_000);
    const folder = /made (\/\S+)\/fleet/.exec(said)?.[1] ?? '';
    const id = /\b[0-9A-Z]{26}\b/.exec(said)?.[0] ?? '';
    const places = { XDG_CONFIG_HOME: `${folder}/config`, XDG_STATE_HOME: `${folder}/state` };
    await execa(join(ROOT, 'bin/bb'), ['approve', id, '--yes'], {
      cwd: `${folder}/fleet`,
      env: { ...none, ...places, BB_OPERATOR: 'otto' },
      extendEnv: false,
    });
    running.stdin.write('y\n');
    await eventually('it asks about the end', () => said.includes('up now?'), 30_000);
    running.stdin.write('y\n');
    const { exitCode } = await running;
    expect(exitCode, said).toBe(0);
    expect(said).toContain('otto had decided it before (approve): so be it');
    expect(said).toContain('/private/report -> 200');
    // The approval opens a path of the host that has one port, and nothing besides.
    expect(said).not.toContain('changes otherwise');
  }, 120_000);
});
