import { expect, test } from 'vitest';
import { COMMAND_NAMES } from '../../src/cli/command-names.ts';
import { runBb } from './run-bb.ts';

test('help names every command and exits 0', async () => {
  const { exitCode, stdout } = await runBb(['--help']);
  expect(exitCode).toBe(0);
  for (const { name } of COMMAND_NAMES) expect(stdout).toContain(`\n  ${name}`);
  expect(stdout).not.toContain('__names');
});

test('no arguments is help, not an error', async () => {
  expect(await runBb([])).toMatchObject({ exitCode: 0, stderr: '' });
});

test.for(COMMAND_NAMES.map(({ name }) => name))('bb %s --help fits 80 columns', async (name) => {
  const { exitCode, stdout } = await runBb([name, '--help']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`Usage: bb ${name}`);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test.for([
  [['pln'], 'Did you mean plan?'],
  [['plan', '--jsn'], 'Did you mean --json?'],
  [['status', '--wacth'], 'Did you mean --watch?'],
  [['list', 'activ'], 'Did you mean active?'],
] as const)('%j is bad usage and gets a suggestion', async ([argv, suggestion]) => {
  const { exitCode, stderr, stdout } = await runBb(argv);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(suggestion);
  expect(stdout).toBe('');
});

test.for([
  [['reject', 'x']],
  [['show']],
  [['reconcile', '--timeout', 'soon']],
  [['logs', 'dev', 'kernel']],
  [['completion', 'powershell']],
] as const)('%j is bad usage', async ([argv]) => {
  expect(await runBb(argv)).toMatchObject({ exitCode: 2, stdout: '' });
});

test('global options are taken before and after the command', async () => {
  const repositories: (string | undefined)[] = [];
  const openController: NonNullable<Parameters<typeof runBb>[1]>['openController'] = async (
    options,
  ) => {
    repositories.push(options.repository);
    return {
      ok: false,
      refusal: { kind: 'source', message: 'no', hint: null, diagnostics: [] },
    };
  };
  await runBb(['--repo', '/a', 'status'], { openController });
  await runBb(['status', '--repo', '/b'], { openController });
  await runBb(['status'], { openController, environment: { BB_REPO: '/c' } });
  await runBb(['status'], { openController });
  expect(repositories).toEqual(['/a', '/b', '/c', undefined]);
});

test('--fleet refuses the repository of another fleet, and takes its own', async () => {
  const other = await runBb(['status', '--fleet', 'work']);
  expect(other.exitCode).toBe(2);
  expect(other.stderr).toContain('describes the fleet "home", not "work"');
  expect(await runBb(['status', '--fleet', 'home'])).toMatchObject({ exitCode: 0 });
});
