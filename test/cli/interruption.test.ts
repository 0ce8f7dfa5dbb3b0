import { expect, test } from 'vitest';
import { STDOUT_CLOSED } from '../../src/cli/stdout-closed.ts';
import { FakeControllerApi } from '../fakes/fake-controller-api.ts';
import { runBb } from './run-bb.ts';

class SilentApi extends FakeControllerApi {
  override status(): ReturnType<FakeControllerApi['status']> {
    return new Promise(() => {});
  }
}

test('Ctrl-C ends a command that waits for the controller with 130', async () => {
  const controller = new AbortController();
  const api = new SilentApi();
  const ran = runBb(['status'], { api, signal: controller.signal });
  controller.abort('SIGINT');
  expect(await ran).toMatchObject({ exitCode: 130, stderr: '' });
});

test('Ctrl-C reaches the controller loop as its signal and is told as 130', async () => {
  const controller = new AbortController();
  const { exitCode } = await runBb(['reconcile', '--watch'], {
    signal: controller.signal,
    runController: (_options, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(0));
        controller.abort('SIGINT');
      }),
  });
  expect(exitCode).toBe(130);
});

class SlowApi extends FakeControllerApi {
  readonly begun = Promise.withResolvers<void>();
  readonly mayEnd = Promise.withResolvers<void>();

  override async edit(...request: Parameters<FakeControllerApi['edit']>) {
    this.begun.resolve();
    await this.mayEnd.promise;
    return super.edit(...request);
  }
}

test('Ctrl-C lets a change that was begun end, and is told as 130', async () => {
  const controller = new AbortController();
  const api = new SlowApi();
  api.setBottles('dev');
  const ran = runBb(['stop', 'dev'], { api, signal: controller.signal });
  await api.begun.promise;
  controller.abort('SIGINT');
  api.mayEnd.resolve();
  const { exitCode, stderr } = await ran;
  expect(exitCode).toBe(130);
  expect(stderr).toBe('ending what was begun; Ctrl-C again leaves now\n');
  expect(api.commits).toEqual(['remove-instance by ann@host']);
});

test('a reader of stdout that went away is no failure', async () => {
  const controller = new AbortController();
  controller.abort(STDOUT_CLOSED);
  expect(await runBb(['status'], { signal: controller.signal })).toMatchObject({
    exitCode: 0,
    stderr: '',
  });
});
