import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { createFleetLock } from '../../../src/controller/adapters/fleet-lock.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';

const TAKER = fileURLToPath(new URL('../../fakes/lock-taker.ts', import.meta.url));

function lockIn(stateDirectory: string, command = 'bb controller') {
  return createFleetLock({
    stateDirectory,
    socket: '/run/x.sock',
    command,
    now: () => '2026-01-01T00:00:00Z',
  });
}

test('the first one holds it, the second is told who does, until it is released', async () => {
  await using state = await temporaryFolder();
  const first = await lockIn(state.path).acquire();
  if (first.kind !== 'held') throw new Error('not held');
  const holder = {
    pid: process.pid,
    since: '2026-01-01T00:00:00Z',
    command: 'bb controller',
    socket: '/run/x.sock',
  };
  expect(await lockIn(state.path, 'bb reconcile').acquire()).toEqual({ kind: 'taken', holder });
  expect(await lockIn(state.path).holder()).toEqual(holder);
  await first.release();
  expect(await lockIn(state.path).holder()).toBeNull();
  expect(await readdir(state.path)).toEqual([]);
  expect(await lockIn(state.path).acquire()).toMatchObject({ kind: 'held' });
});

test('a release after the lock went to another leaves it alone', async () => {
  await using state = await temporaryFolder();
  const first = await lockIn(state.path).acquire();
  if (first.kind !== 'held') throw new Error('not held');
  await first.release();
  await lockIn(state.path).acquire();
  await first.release();
  expect(await lockIn(state.path).acquire()).toMatchObject({ kind: 'taken' });
});

test.for([
  ['another boot', { bootId: 'another' }],
  ['a process that was given the pid later', { startTicks: '1' }],
  ['a pid of nobody', { pid: 2 ** 22 + 1 }],
] as const)('the lock of %s is taken over', async ([, difference]) => {
  await using state = await temporaryFolder();
  await lockIn(state.path).acquire();
  const path = join(state.path, 'controller.lock');
  const written: unknown = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify(written));
  expect(await lockIn(state.path).acquire()).toMatchObject({ kind: 'taken' });
  await writeFile(path, JSON.stringify(Object.assign({}, written, difference)));
  expect(await lockIn(state.path).acquire()).toMatchObject({ kind: 'held' });
});

test('a damaged lock is taken over', async () => {
  await using state = await temporaryFolder();
  await writeFile(join(state.path, 'controller.lock'), '{"pid":');
  expect(await lockIn(state.path).acquire()).toMatchObject({ kind: 'held' });
  expect(await readdir(state.path)).toEqual(['controller.lock']);
});

test('of processes that take over from a killed one at once exactly one wins', async () => {
  await using state = await temporaryFolder();
  const [victim] = await startTakers(state.path, 1);
  if (victim === undefined) throw new Error('not started');
  expect(await victim.take()).toBe('held');
  const takers = await startTakers(state.path, 6);
  expect(await takers[0]?.take()).toBe('taken');
  await victim.kill();
  const outcomes = await Promise.all(takers.slice(1).map((taker) => taker.take()));
  expect(outcomes.sort()).toEqual(['held', 'taken', 'taken', 'taken', 'taken']);
  expect(await readdir(state.path)).toEqual(['controller.lock']);
  await Promise.all(takers.map((taker) => taker.kill()));
});

test('many that race in one process over a dead lock: one wins, nothing is left over', async () => {
  await using state = await temporaryFolder();
  await writeFile(join(state.path, 'controller.lock'), '{}');
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => lockIn(state.path).acquire()),
  );
  expect(outcomes.filter(({ kind }) => kind === 'held')).toHaveLength(1);
  expect(await readdir(state.path)).toEqual(['controller.lock']);
});

async function startTakers(stateDirectory: string, count: number) {
  const takers = Array.from({ length: count }, () => {
    const child = execa(process.execPath, [TAKER, stateDirectory], {
      reject: false,
      stdin: 'pipe',
      buffer: false,
    });
    const lines = child.iterable({ binary: false })[Symbol.asyncIterator]();
    const nextLine = async () => String((await lines.next()).value);
    return {
      ready: nextLine,
      async take() {
        child.stdin.write('go\n');
        return nextLine();
      },
      async kill() {
        child.kill('SIGKILL');
        await child;
      },
    };
  });
  await Promise.all(takers.map((taker) => taker.ready()));
  return takers;
}
