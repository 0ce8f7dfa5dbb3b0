import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildProgram } from '../ui/built-program.ts';

let program: Awaited<ReturnType<typeof buildProgram>>;

beforeAll(async () => {
  program = await buildProgram();
});

afterAll(() => program[Symbol.dispose]());

function start(...argv: string[]): ChildProcess & { output(): string } {
  const child = spawn(process.execPath, [program.file, ...argv], { stdio: 'pipe' });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return Object.assign(child, { output: () => output });
}

test('a reader that takes one line and goes is no failure, and nothing is on stderr', () => {
  const command = `"${process.execPath}" "${program.file}" list active | head -n 1; echo "$PIPESTATUS"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], BB_TEST_BOTTLES: '20000' },
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^docker\tdev-0\t.*\n0\n$/);
});

test('all of a long output reaches a slow reader', () => {
  const { stdout, status } = spawnSync(process.execPath, [program.file, 'list', 'active'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], BB_TEST_BOTTLES: '20000' },
  });
  expect(status).toBe(0);
  expect(stdout.trimEnd().split('\n')).toHaveLength(20_000);
});

test('the version is that of the package, from the sources as well', () => {
  const main = join(import.meta.dirname, '../../src/cli/main.ts');
  const { stdout } = spawnSync(process.execPath, [main, '--version'], { encoding: 'utf8' });
  const manifest = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  expect(stdout.trim()).toBe(JSON.parse(manifest).version);
});

test('Ctrl-C ends the controller loop in order, with 130', async () => {
  const child = start('controller');
  await expect.poll(child.output).toContain('following main');
  child.kill('SIGINT');
  const [exitCode] = await once(child, 'exit');
  expect(exitCode).toBe(130);
  expect(child.output()).toContain('controller ended');
});

test('without a terminal the viewer prints one frame and leaves', () => {
  const { stdout, status, stderr } = spawnSync(process.execPath, [program.file, 'ui'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('▶ Agents (2)');
  expect(stdout).not.toContain('\x1b[?1049h');
});
