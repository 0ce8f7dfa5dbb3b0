import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withSchemaLine } from '../../src/controller/schema-line.ts';
import { runBb } from './run-bb.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bb-init-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function init(...argv: string[]) {
  return runBb(['init', ...argv], { cwd: folder });
}

function git(directory: string, ...args: string[]): string {
  return execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], {
    cwd: directory,
    encoding: 'utf8',
  }).trim();
}

test('makes a repository whose one commit is a valid fleet', async () => {
  const { exitCode, stdout, stderr } = await init('fleet');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain('bb --repo fleet plan');
  const repository = join(folder, 'fleet');
  expect(git(repository, 'status', '--porcelain')).toBe('');
  expect(git(repository, 'rev-list', '--count', 'HEAD')).toBe('1');
  const files = git(repository, 'ls-files').split('\n');
  expect(files).toContain('desired-state/fleet.yaml');
  expect(files).toContain('.gitignore');
  expect(files.some((file) => file.startsWith('schemas/'))).toBe(true);
});

test('every YAML file names its schema, which is there', async () => {
  await init('fleet');
  const repository = join(folder, 'fleet');
  const yaml = git(repository, 'ls-files', 'desired-state/*.yaml').split('\n');
  expect(yaml.length).toBeGreaterThan(1);
  for (const file of yaml) {
    const text = readFileSync(join(repository, file), 'utf8');
    const schema = /yaml-language-server: \$schema=(\S+)/.exec(text)?.[1] ?? 'none';
    expect(existsSync(join(repository, file, '..', schema)), `${file} → ${schema}`).toBe(true);
  }
});

test('uses the repository that is there, and leaves what is staged alone', async () => {
  git(folder, 'init', '-q', '-b', 'trunk');
  writeFileSync(join(folder, 'mine.txt'), 'mine\n');
  git(folder, 'add', 'mine.txt');
  expect((await init()).exitCode).toBe(0);
  expect(git(folder, 'branch', '--show-current')).toBe('trunk');
  expect(git(folder, 'status', '--porcelain')).toBe('A  mine.txt');
});

test('refuses where there is desired state already, and changes nothing', async () => {
  mkdirSync(join(folder, 'desired-state'));
  writeFileSync(join(folder, 'desired-state/fleet.yaml'), 'name: mine\n');
  const { exitCode, stderr } = await init();
  expect(exitCode).toBe(1);
  expect(stderr).toContain('is there already');
  expect(readFileSync(join(folder, 'desired-state/fleet.yaml'), 'utf8')).toBe('name: mine\n');
  expect(existsSync(join(folder, '.git'))).toBe(false);
});

test('--hooks checks each commit with bb validate; without it there is no hook', async () => {
  await init('plain');
  expect(existsSync(join(folder, 'plain/.git/hooks/pre-commit'))).toBe(false);
  await init('hooked', '--hooks');
  const repository = join(folder, 'hooked');
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const commit = (verdict: number) => {
    writeFileSync(join(bin, 'bb'), `#!/bin/sh\necho "$@" > "${folder}/called"\nexit ${verdict}\n`, {
      mode: 0o755,
    });
    return execFileSync(
      'git',
      ['-c', 'user.name=t', '-c', 'user.email=t@l', 'commit', '-q', '--allow-empty', '-m', 'x'],
      { cwd: repository, env: { PATH: `${bin}:${process.env['PATH']}` }, stdio: 'pipe' },
    );
  };
  expect(() => commit(2)).toThrow();
  expect(git(repository, 'rev-list', '--count', 'HEAD')).toBe('1');
  commit(0);
  expect(git(repository, 'rev-list', '--count', 'HEAD')).toBe('2');
  expect(readFileSync(join(folder, 'called'), 'utf8')).toContain('validate --working-tree');
});

test('a failed commit leaves no half-made fleet behind', async () => {
  git(folder, 'init', '-q', '-b', 'main');
  git(folder, 'config', 'commit.gpgSign', 'true');
  git(folder, 'config', 'gpg.program', '/nonexistent');
  const { exitCode } = await init();
  expect(exitCode).toBe(2);
  expect(existsSync(join(folder, 'desired-state'))).toBe(false);
});

test('the schema line is added once, and only where there is a schema', () => {
  const schemas = new Set(['agents.schema.json', 'fleet.schema.json']);
  const line = '# yaml-language-server: $schema=../../schemas/agents.schema.json\n';
  const once = withSchemaLine('agents/dev.yaml', 'a: 1\n', schemas);
  expect(once).toBe(`${line}a: 1\n`);
  expect(withSchemaLine('agents/dev.yaml', once, schemas)).toBe(once);
  expect(withSchemaLine('fleet.yaml', '', schemas)).toContain('=../schemas/fleet.schema.json');
  expect(withSchemaLine('routes/a.yaml', 'b: 1\n', schemas)).toBe('b: 1\n');
});
