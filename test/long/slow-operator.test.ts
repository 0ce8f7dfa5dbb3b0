import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import { eventually } from '../eventually.ts';
import { builtProgram } from '../scenario/built-program.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const embedded = await embeddedUnderTest();
const title = 'the quick start, with somebody who reads before they answer';

describe.skipIf(embedded.kind === 'none')(title, () => {
  test('an approval after the agent stopped waiting still lets its request pass', async () => {
    await builtProgram();
    const home = await mkdtemp(join(tmpdir(), 'bb-quick-home-'));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    const quickStart = `'${process.execPath}' scripts/quickstart.ts`;
    const running = execa('script', ['-qec', quickStart, '/dev/null'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', HOME: home, DOCKER_HOST: `unix://${home}/none.sock` },
      extendEnv: false,
      all: true,
      reject: false,
    });
    let said = '';
    running.all.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    onTestFinished(async () => {
      running.kill('SIGTERM');
      await running;
    });
    // The agent waits for 30 seconds, then asks again.
    await eventually('the agent stopped waiting', () => said.includes('is pending'), 90_000);
    running.stdin.write('y\n');
    await eventually('it asks about the end', () => said.includes('up now?'), 30_000);
    running.stdin.write('y\n');
    const { exitCode } = await running;
    expect(exitCode, said).toBe(0);
    expect(said).toContain('/private/report -> 200');
    expect(said).toContain('nothing is left.');
  }, 150_000);
});
