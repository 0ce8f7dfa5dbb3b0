import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { runBb } from './run-bb.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function repository(files: { readonly [path: string]: string }): string {
  const folder = mkdtempSync(join(tmpdir(), 'bb-validate-'));
  folders.push(folder);
  git(folder, 'init', '-q', '-b', 'main');
  write(folder, files);
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '--allow-empty', '-m', 'first');
  return folder;
}

function write(folder: string, files: { readonly [path: string]: string }): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function git(folder: string, ...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], {
    cwd: folder,
  });
}

const VALID = {
  'desired-state/fleet.yaml': 'name: home\n',
  'desired-state/agents/dev.yaml': 'provider: claude\ninstances: 2\n',
};

function validate(folder: string, ...argv: string[]) {
  const environment = { HOME: folder, PATH: process.env['PATH'] };
  return runBb(['validate', '--repo', folder, ...argv], { environment });
}

test('a valid commit exits 0 and says how many bottles it asks for', async () => {
  const { exitCode, stdout, stderr } = await validate(repository(VALID));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(/^main@[0-9a-f]{8}: valid, no problems, 2 bottles\n$/);
});

test('every problem of a commit is told with its position, and exits 2', async () => {
  const folder = repository({
    ...VALID,
    'desired-state/agents/dev.yaml': 'provider: clade\npromt: {text: x}\ninstances: 1\n',
  });
  const { exitCode, stderr } = await validate(folder);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^agents\/dev\.yaml:1:11 /m);
  expect(stderr).toMatch(/^agents\/dev\.yaml:2:1 unknown key "promt"/m);
});

test('only commits count, unless the working tree is asked for', async () => {
  const folder = repository(VALID);
  write(folder, { 'desired-state/agents/dev.yaml': 'provider: clade\ninstances: 1\n' });
  expect((await validate(folder)).exitCode).toBe(0);
  expect((await validate(folder, '--working-tree')).exitCode).toBe(2);
});

test('--working-tree sees new files and leaves ignored ones out', async () => {
  const folder = repository({ ...VALID, '.gitignore': '*.swp\n' });
  write(folder, { 'desired-state/agents/.dev.yaml.swp': '\x00' });
  expect((await validate(folder, '--working-tree')).exitCode).toBe(0);
  write(folder, { 'desired-state/agents/new.yaml': 'instances: 1\n' });
  expect((await validate(folder, '--working-tree')).stderr).toContain('agents/new.yaml');
});

test('--working-tree does not follow a link out of the repository', async () => {
  const folder = repository(VALID);
  symlinkSync('/etc/hostname', join(folder, 'desired-state/agents/evil.yaml'));
  const { exitCode, stderr } = await validate(folder, '--working-tree');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('agents/evil.yaml');
});

test('an older commit can be named; one that does not exist is bad usage', async () => {
  const folder = repository(VALID);
  write(folder, { 'desired-state/fleet.yaml': 'nme: home\n' });
  git(folder, 'commit', '-q', '-a', '-m', 'second');
  expect((await validate(folder)).exitCode).toBe(2);
  expect((await validate(folder, 'HEAD~1')).exitCode).toBe(0);
  const unknown = await validate(folder, 'nope');
  expect(unknown.exitCode).toBe(2);
  expect(unknown.stderr).toContain('there is no commit "nope"');
});

test('a folder that is no repository is told with what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bb-validate-'));
  folders.push(folder);
  const { exitCode, stderr } = await validate(folder);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^error: /);
});

test('--json is one object', async () => {
  const { stdout } = await validate(repository(VALID), '--json');
  expect(JSON.parse(stdout)).toMatchObject({ valid: true, bottles: 2, diagnostics: [] });
});
