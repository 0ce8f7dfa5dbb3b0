import { resolve } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const SOURCE = resolve(import.meta.dirname, '../../../src/backends/embedded/untried.ts');

it('a program that there are no descriptors for is an error in words, and ends nobody', async () => {
  const script = `
    import { spawn } from 'node:child_process';
    import { closeSync, openSync } from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    import { throwUntried } from ${JSON.stringify(SOURCE)};
    const start = () => {
      try {
        const child = spawn('true', { stdio: ['pipe', 'pipe', 'pipe'] });
        throwUntried(child);
        child.on('close', (code) => console.log('ended with', code));
      } catch (error) {
        console.log(error.code, error.message);
      }
    };
    const open = [];
    try {
      for (;;) open.push(openSync('/dev/null', 'r'));
    } catch {}
    start();
    await setTimeout(100);
    for (const file of open) closeSync(file);
    start();
  `;
  const shell = 'ulimit -n 200; exec "$@"';
  const argv = ['-c', shell, 'sh', process.execPath, '--input-type=module', '-e', script];
  const { stdout, exitCode } = await execa('sh', argv, { reject: false });
  expect(stdout).toBe(
    'failed no program could be started: this process has too many files open\nended with 0',
  );
  expect(exitCode).toBe(0);
});
