import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const run = promisify(execFile);

let root: string;

/** A package in `node_modules/bb`, as npm would put it, with a command line that says who runs it. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bb-launcher-'));
  mkdirSync(join(root, 'node_modules/bb/dist/cli'), { recursive: true });
  mkdirSync(join(root, 'node_modules/bb/bin'));
  cpSync('bin/bb', join(root, 'node_modules/bb/bin/bb'));
  writeFileSync(join(root, 'node_modules/bb/dist/cli/main.js'), '');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A `node` that only says its name, its version and what it was asked to run. */
function plantNode(folder: string, version: string): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'node');
  writeFileSync(
    file,
    `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else echo "${folder} runs $*"; fi\n`,
  );
  chmodSync(file, 0o755);
}

/** Runs the launcher with only `folder` and the system's tools on PATH. */
function launch(path: string, folder: string, ...argv: string[]) {
  return run(path, argv, { env: { PATH: `${folder}:/usr/bin:/bin` } });
}

test('the Node of the package comes before a newer one on PATH, through links and with arguments whole', async () => {
  plantNode(join(root, 'node_modules/bb/node_modules/.bin'), 'v24.0.0');
  plantNode(join(root, 'path'), 'v99.0.0');
  mkdirSync(join(root, 'node_modules/.bin'));
  symlinkSync('../bb/bin/bb', join(root, 'node_modules/.bin/bb'));
  symlinkSync(join(root, 'node_modules/.bin/bb'), join(root, 'bb'));
  const { stdout } = await launch(join(root, 'bb'), join(root, 'path'), 'plan', 'a b', '*');
  expect(stdout).toContain('node_modules/bb/node_modules/.bin runs ');
  expect(stdout).toContain('dist/cli/main.js plan a b *\n');
});

test('a Node that npm hoisted beside the package is found', async () => {
  plantNode(join(root, 'node_modules/.bin'), 'v24.0.0');
  plantNode(join(root, 'path'), 'v20.0.0');
  const { stdout } = await launch(join(root, 'node_modules/bb/bin/bb'), join(root, 'path'));
  expect(stdout).toContain('/node_modules/.bin runs ');
});

test('a new enough Node on PATH will do', async () => {
  plantNode(join(root, 'path'), 'v24.1.0');
  const { stdout } = await launch(join(root, 'node_modules/bb/bin/bb'), join(root, 'path'));
  expect(stdout).toContain('path runs ');
});

test.for([
  ['controller', false],
  ['exec', false],
  ['ui', false],
  ['status -w', false],
  ['events --follow', false],
  ['', true],
  ['plan', true],
  ['status', true],
] as const)('bb %s does without collecting garbage: %s', async ([command, endsSoon]) => {
  plantNode(join(root, 'path'), 'v24.1.0');
  const argv = command === '' ? [] : ['--backend', 'docker', ...command.split(' ')];
  const { stdout } = await launch(
    join(root, 'node_modules/bb/bin/bb'),
    join(root, 'path'),
    ...argv,
  );
  expect(stdout.includes(' --max-semi-space-size=32 ')).toBe(endsSoon);
});

test('an old Node is refused with the fix', async () => {
  plantNode(join(root, 'path'), 'v20.19.0');
  const launched = launch(join(root, 'node_modules/bb/bin/bb'), join(root, 'path'));
  await expect(launched).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/needs Node 24 or newer, found v20\.19\.0[\s\S]*npm ci/),
  });
});

test('a package that is not built is refused with the fix', async () => {
  plantNode(join(root, 'path'), 'v24.0.0');
  rmSync(join(root, 'node_modules/bb/dist'), { recursive: true });
  const launched = launch(join(root, 'node_modules/bb/bin/bb'), join(root, 'path'));
  await expect(launched).rejects.toMatchObject({
    stderr: expect.stringContaining('npm run build'),
  });
});
