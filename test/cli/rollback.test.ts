import { expect, test } from 'vitest';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { runBb } from './run-bb.ts';

const COMMIT = '1a2b3c4d';

test('bb rollback shows diff and plan, asks, and does nothing after no', async () => {
  const api = new FakeControllerApi();
  const { exitCode, stdout, asked } = await runBb(['rollback', COMMIT], { api, answer: 'n' });
  expect({ exitCode, asked }).toEqual({ exitCode: 0, asked: ['take it back? [y/N] '] });
  expect(stdout).toContain('nothing was taken back');
  expect(api.commits).toEqual([]);
});

test('after yes, or with --yes, it is an edit of the operator', async () => {
  const api = new FakeControllerApi();
  await runBb(['rollback', COMMIT], { api, answer: 'y' });
  await runBb(['rollback', COMMIT, '--yes'], { api });
  expect(api.commits).toEqual(['rollback by ann@host', 'rollback by ann@host']);
  expect(api.edits).toEqual([
    { kind: 'rollback', target: COMMIT },
    { kind: 'rollback', target: COMMIT },
  ]);
});

test('without a terminal it needs --yes, and --dry-run never asks', async () => {
  const api = new FakeControllerApi();
  const { exitCode, stderr } = await runBb(['rollback', COMMIT], { api });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('add --yes to take it back');
  expect(await runBb(['rollback', COMMIT, '--dry-run'], { api })).toMatchObject({ exitCode: 0 });
  const json = await runBb(['rollback', COMMIT, '--dry-run', '--json'], { api });
  expect(JSON.parse(json.stdout)).toMatchObject({ edit: { kind: 'rollback', target: COMMIT } });
  expect(api.commits).toEqual([]);
});

test('--to goes back to a commit, with a bottle for its files alone; without either it says what is missing', async () => {
  const api = new FakeControllerApi();
  await runBb(['rollback', '--to', COMMIT, '--yes'], { api });
  await runBb(['rollback', 'dev', '--to', COMMIT, '--yes'], { api });
  expect(api.edits).toEqual([
    { kind: 'restore', revision: COMMIT, only: null },
    { kind: 'restore', revision: COMMIT, only: 'dev' },
  ]);
  const { exitCode, stderr } = await runBb(['rollback', '--yes'], { api });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/--to\s+<commit>/);
});
