import { existsSync } from 'node:fs';
import { chmod, lstat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ControllerApi, Progress } from '../../../src/controller/api.ts';
import {
  ControllerGoneError,
  connectControllerApi,
} from '../../../src/controller/control-socket/client.ts';
import { MAX_REQUEST_BYTES } from '../../../src/controller/control-socket/protocol.ts';
import { serveControllerApi } from '../../../src/controller/control-socket/server.ts';
import { controlSocketPath } from '../../../src/controller/control-socket/socket-path.ts';
import { StoreError } from '../../../src/controller/ports/fleet-store.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';
import { fleetStatus } from '../../builders/status.ts';
import { FakeControllerApi } from '../../fakes/fake-controller-api.ts';

/** A controller that answers a reconcile when told to, and remembers what became of it. */
class SlowController extends FakeControllerApi {
  readonly seen: string[] = [];
  #finish: () => void = () => undefined;

  override async reconcile(
    options: Parameters<ControllerApi['reconcile']>[0],
    onProgress: (progress: Progress) => void,
    signal?: AbortSignal,
  ) {
    this.seen.push(`reconcile ${options.revision ?? 'tip'}`);
    onProgress({ kind: 'stage', text: 'observing — 観察\n' });
    await new Promise<void>((resolve, reject) => {
      this.#finish = resolve;
      signal?.addEventListener('abort', () => {
        this.seen.push(`aborted: ${String(signal.reason)}`);
        reject(signal.reason);
      });
    });
    return super.reconcile(options, onProgress);
  }

  finish(): void {
    this.#finish();
  }
}

async function serve(api: ControllerApi) {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'controller.sock');
  const server = await serveControllerApi(api, path);
  return {
    path,
    server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('answers, refusals and arguments cross the socket as they are', async () => {
  const controller = new FakeControllerApi();
  await using served = await serve(controller);
  await using client = await connectControllerApi(served.path);
  expect(await client.status()).toEqual({ ok: true, value: controller.fleet });
  expect(await client.plan({})).toEqual({ ok: true, value: controller.planned });
  controller.refusals.events = { kind: 'conflict', message: 'no — nein', hint: 'later' };
  expect(await client.events({ limit: 3 })).toMatchObject({
    ok: false,
    refusal: { kind: 'conflict', message: 'no — nein', hint: 'later' },
  });
  expect(await client.review('missing')).toMatchObject({ ok: false });
});

test('the socket is for its owner only', async () => {
  await using served = await serve(new FakeControllerApi());
  expect((await lstat(served.path)).mode & 0o777).toBe(0o600);
});

test('progress streams while a call is under way, and other calls pass it', async () => {
  const controller = new SlowController();
  await using served = await serve(controller);
  await using client = await connectControllerApi(served.path);
  const progress: Progress[] = [];
  const reconciled = client.reconcile({ revision: 'main' }, (one) => progress.push(one));
  await expect.poll(() => progress[0]).toEqual({ kind: 'stage', text: 'observing — 観察\n' });
  expect(await client.status()).toMatchObject({ ok: true });
  controller.finish();
  expect(await reconciled).toMatchObject({ ok: true });
  expect(controller.seen).toEqual(['reconcile main']);
});

test('an aborted signal cancels that call on the other side', async () => {
  const controller = new SlowController();
  await using served = await serve(controller);
  await using client = await connectControllerApi(served.path);
  const cancelled = new AbortController();
  const reconciled = client.reconcile({}, () => undefined, cancelled.signal);
  await expect.poll(() => controller.seen).toHaveLength(1);
  cancelled.abort();
  await expect(reconciled).rejects.toThrow('cancelled');
  expect(controller.seen[1]).toBe('aborted: Error: cancelled');
  expect(await client.status()).toMatchObject({ ok: true });
});

test('a signal that was aborted before is told too', async () => {
  const controller = new SlowController();
  await using served = await serve(controller);
  await using client = await connectControllerApi(served.path);
  const reconciled = client.reconcile({}, () => undefined, AbortSignal.abort());
  await expect(reconciled).rejects.toThrow('cancelled');
});

test('a client that goes away aborts what it asked for', async () => {
  const controller = new SlowController();
  await using served = await serve(controller);
  const client = await connectControllerApi(served.path);
  const reconciled = client.reconcile({}, () => undefined, new AbortController().signal);
  await expect.poll(() => controller.seen).toHaveLength(1);
  await client[Symbol.asyncDispose]();
  await expect(reconciled).rejects.toThrow(ControllerGoneError);
  await expect.poll(() => controller.seen[1]).toBe('aborted: Error: the client went away');
});

test('a watch follows each status until it ends', async () => {
  const controller = new FakeControllerApi();
  await using served = await serve(controller);
  await using client = await connectControllerApi(served.path);
  const seen: (number | null)[] = [];
  const ended = new AbortController();
  const watching = client.watchStatus((status) => seen.push(status.controllerPid), ended.signal);
  await expect.poll(() => controller.watcherCount).toBe(1);
  controller.set(fleetStatus({ controllerPid: 41 }));
  controller.set(fleetStatus({ controllerPid: 42 }));
  await expect.poll(() => seen.slice(-2)).toEqual([41, 42]);
  ended.abort();
  await watching.catch(() => undefined);
  await expect.poll(() => controller.watcherCount).toBe(0);
});

test('a controller that stops is told to those who wait, and its socket goes', async () => {
  await using served = await serve(new SlowController());
  await using client = await connectControllerApi(served.path);
  const reconciled = client.reconcile({}, () => undefined);
  const gone = expect(reconciled).rejects.toMatchObject({
    name: 'ControllerGoneError',
    hint: expect.stringContaining('may have happened: see bb status'),
  });
  await expect.poll(() => client.status()).toMatchObject({ ok: true });
  await served.server[Symbol.asyncDispose]();
  await gone;
  await expect(client.status()).rejects.toThrow(ControllerGoneError);
  expect(existsSync(served.path)).toBe(false);
  await expect(connectControllerApi(served.path)).rejects.toThrow(ControllerGoneError);
});

test('the socket of a dead controller is replaced', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'controller.sock');
  await writeFile(path, '');
  await expect(connectControllerApi(path)).rejects.toThrow(ControllerGoneError);
  await using _server = await serveControllerApi(new FakeControllerApi(), path);
  await using client = await connectControllerApi(path);
  expect(await client.status()).toMatchObject({ ok: true });
});

test.for([
  ['what is no request', 'GET / HTTP/1.1\n'],
  ['a line without end', Buffer.alloc(MAX_REQUEST_BYTES + 1, 'x')],
] as const)('%s ends that connection and nothing else', async ([, sent]) => {
  await using served = await serve(new FakeControllerApi());
  const socket = connect(served.path);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.write(sent);
  await closed;
  await using client = await connectControllerApi(served.path);
  expect(await client.status()).toMatchObject({ ok: true });
});

test('a method that this version does not have is refused by name', async () => {
  await using served = await serve(new FakeControllerApi());
  const socket = connect(served.path);
  for (const method of ['constructor', 'refusals', 'fly']) {
    socket.write(`${JSON.stringify({ id: 1, method, params: [] })}\n`);
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(JSON.parse(String(answer))).toMatchObject({
      id: 1,
      error: `the running controller does not know "${method}"; restart it with this version`,
    });
  }
  socket.destroy();
});

test('a path that is too long for a socket has a short one, in a folder of our own', async () => {
  await using state = await temporaryFolder();
  await using runtime = await temporaryFolder();
  const environment = { XDG_RUNTIME_DIR: runtime.path };
  expect(await controlSocketPath(state.path, environment)).toBe(`${state.path}/controller.sock`);
  const long = join(state.path, 'x'.repeat(120));
  const short = await controlSocketPath(long, environment);
  expect(short).toMatch(new RegExp(`^${runtime.path}/bb-[0-9a-f]{16}/controller\\.sock$`));
  expect(await controlSocketPath(long, environment)).toBe(short);
  await using _server = await serveControllerApi(new FakeControllerApi(), short);
  await using client = await connectControllerApi(short);
  expect(await client.status()).toMatchObject({ ok: true });
});

test('a short folder that is open to others is refused', async () => {
  await using state = await temporaryFolder();
  await using runtime = await temporaryFolder();
  const environment = { XDG_RUNTIME_DIR: runtime.path };
  const long = join(state.path, 'x'.repeat(120));
  const folder = join(await controlSocketPath(long, environment), '..');
  await chmod(folder, 0o770);
  await expect(controlSocketPath(long, environment)).rejects.toThrow('open to others');
});

test('what went wrong crosses the socket with what can be done about it', async () => {
  const hint = 'free some space; the controller goes on by itself';
  const failing = new SlowController();
  failing.reconcile = () => {
    throw new StoreError({ kind: 'disk-full', message: 'no space is left', hint, cause: null });
  };
  await using served = await serve(failing);
  await using client = await connectControllerApi(served.path);
  const reconciled = client.reconcile({}, () => undefined);
  await expect(reconciled).rejects.toMatchObject({ message: 'no space is left', hint });
});
