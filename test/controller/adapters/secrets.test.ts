import { chmod, lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSecrets } from '../../../src/controller/adapters/secrets.ts';
import type { SecretSources } from '../../../src/controller/host-config.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

function secretsIn(
  folder: string,
  sources: SecretSources,
  environment: { readonly [name: string]: string } = {},
  clock = new FakeClock(),
) {
  return createSecrets({
    sources,
    environment: { PATH: process.env['PATH'] ?? '', ...environment },
    versionKeyPath: join(folder, 'bb', 'version-key'),
    clock,
    commandTimeoutMs: 500,
  });
}

test('values come from the environment, a file and a program, without one line end', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'secret');
  await writeFile(path, 'from file\n\n');
  const secrets = secretsIn(
    folder.path,
    {
      env: { kind: 'env', variable: 'TOKEN' },
      file: { kind: 'file', path },
      command: { kind: 'command', argv: ['printf', 'from %s\\r\\n', 'program; $HOME'] },
    },
    { TOKEN: 'from env' },
  );
  const values = await secrets.values(['env', 'file', 'command']);
  expect([...values].map(([name, { value }]) => [name, value]).sort()).toEqual([
    ['command', 'from program; $HOME'],
    ['env', 'from env'],
    ['file', 'from file\n'],
  ]);
});

test('a secret without a value is named with its source, and with nothing that was read', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'empty');
  await writeFile(path, '\n');
  const secrets = secretsIn(folder.path, {
    env: { kind: 'env', variable: 'TOKEN' },
    gone: { kind: 'file', path: '/nowhere/secret' },
    empty: { kind: 'file', path },
    folder: { kind: 'file', path: folder.path },
    failing: { kind: 'command', argv: ['sh', '-c', 'echo hunter2 >&2; echo hunter2; exit 3'] },
    missing: { kind: 'command', argv: ['no-such-program'] },
    slow: { kind: 'command', argv: ['sleep', '60'] },
  });
  const names = ['env', 'gone', 'empty', 'folder', 'failing', 'missing', 'slow', 'toString'];
  const { versions, problems } = await secrets.versions(names);
  expect(versions).toEqual({});
  expect(problems).toEqual({
    env: 'secret env has no value: environment variable TOKEN is not set where bb runs',
    gone: 'secret gone has no value: file /nowhere/secret does not exist',
    empty: `secret empty has no value: file ${path} is empty`,
    folder: `secret folder has no value: file ${folder.path} is not a regular file`,
    failing:
      'secret failing has no value: command sh ended with exit code 3; run it by hand to see why',
    missing:
      'secret missing has no value: command no-such-program could not be run (ENOENT); run it by hand to see why',
    slow: 'secret slow has no value: command sleep did not end within 0.5 s; run it by hand to see why',
    toString: 'secret toString is not in secrets.yaml',
  });
  expect(await secrets.values(names)).toEqual(new Map());
});

test('a version tells values apart, is equal for equal ones, and differs on every host', async () => {
  await using folder = await temporaryFolder();
  await using other = await temporaryFolder();
  const sources: SecretSources = { a: { kind: 'env', variable: 'A' } };
  const version = async (root: string, value: string) =>
    (await secretsIn(root, sources, { A: value }).versions(['a'])).versions['a'];
  const first = await version(folder.path, 'one');
  expect(first).toMatch(/^[0-9a-f]{16}$/);
  expect(await version(folder.path, 'one')).toBe(first);
  expect(await version(folder.path, 'two')).not.toBe(first);
  expect(await version(other.path, 'one')).not.toBe(first);
});

test('controllers that start at once agree on the key, which is for its owner only', async () => {
  await using folder = await temporaryFolder();
  const sources: SecretSources = { a: { kind: 'env', variable: 'A' } };
  const all = await Promise.all(
    Array.from({ length: 8 }, () => secretsIn(folder.path, sources, { A: 'x' }).versions(['a'])),
  );
  expect(new Set(all.map(({ versions }) => versions['a'])).size).toBe(1);
  expect(await readdir(join(folder.path, 'bb'))).toEqual(['version-key']);
  expect((await lstat(join(folder.path, 'bb/version-key'))).mode & 0o777).toBe(0o600);
});

test('a program is asked once a minute, and sooner after it failed', async () => {
  await using folder = await temporaryFolder();
  const [script, log, ok] = ['ask', 'log', 'ok'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(script, `#!/bin/sh\necho asked >> ${log}\ncat ${ok}\n`);
  await chmod(script, 0o755);
  const clock = new FakeClock();
  const sources: SecretSources = { a: { kind: 'command', argv: [script] } };
  const secrets = secretsIn(folder.path, sources, {}, clock);
  const asked = async () => (await readFile(log, 'utf8')).split('\n').length - 1;
  expect((await secrets.versions(['a'])).versions).toEqual({});
  await writeFile(ok, 'value');
  expect((await secrets.versions(['a'])).versions).toEqual({});
  expect(await asked()).toBe(1);
  await clock.advance(5_000);
  expect((await secrets.values(['a'])).get('a')?.value).toBe('value');
  await Promise.all([secrets.values(['a']), secrets.versions(['a'])]);
  await clock.advance(59_000);
  await secrets.values(['a']);
  expect(await asked()).toBe(2);
  await clock.advance(1_000);
  await secrets.values(['a']);
  expect(await asked()).toBe(3);
});
