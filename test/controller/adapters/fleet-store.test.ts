import { execFile } from 'node:child_process';
import { appendFile, lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createFleetStore } from '../../../src/controller/adapters/fleet-store.ts';
import { storeError } from '../../../src/controller/adapters/store-error.ts';
import type { FleetEvent } from '../../../src/model/event.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';
import { bottleName, revision } from '../../builders/status.ts';

const DEV = bottleName('dev');

function event(message: string): FleetEvent {
  return {
    at: '2026-01-01T00:00:00Z',
    severity: 'info',
    bottle: 'dev',
    reason: 'Applied',
    message,
    revision: null,
  };
}

test('what was written is read by the next controller, and is for its owner only', async () => {
  await using state = await temporaryFolder();
  const root = join(state.path, 'home');
  const applied = { [DEV]: { revision: revision('a'), specHash: 'x' } };
  const store = createFleetStore(root);
  await store.writeInventory([DEV]);
  await store.writeApplied(applied);
  await store.writeAppliedRevision(revision('b'));
  await store.appendEvent(event('one'));
  const next = createFleetStore(root);
  expect(await next.readInventory()).toEqual([DEV]);
  expect(await next.readApplied()).toEqual(applied);
  expect(await next.readAppliedRevision()).toBe(revision('b'));
  expect(await next.readEvents(10)).toEqual([event('one')]);
  for (const file of ['inventory.json', 'applied.json', 'events.jsonl']) {
    expect((await lstat(join(root, file))).mode & 0o777).toBe(0o600);
  }
  expect((await lstat(root)).mode & 0o777).toBe(0o700);
});

test('what is lost or damaged reads as empty, what is still good in it is kept', async () => {
  await using state = await temporaryFolder();
  const store = createFleetStore(state.path);
  expect(await store.readInventory()).toEqual([]);
  expect(await store.readApplied()).toEqual({});
  expect(await store.readAppliedRevision()).toBeNull();
  expect(await store.readEvents(10)).toEqual([]);
  await writeFile(join(state.path, 'inventory.json'), '["dev", "../x", "Bad Name"]');
  await writeFile(
    join(state.path, 'applied.json'),
    '{"dev": {"revision": "short", "specHash": ""}}',
  );
  await writeFile(join(state.path, 'events.jsonl'), '{"at":\n\0\n');
  expect(await store.readInventory()).toEqual([DEV]);
  expect(await store.readApplied()).toEqual({});
  await store.appendEvent(event('after'));
  expect(await store.readEvents(10)).toEqual([event('after')]);
});

test('events are newest first, and a line that a crash cut short spoils no other', async () => {
  await using state = await temporaryFolder();
  const store = createFleetStore(state.path);
  await Promise.all(['1', '2', '3'].map((message) => store.appendEvent(event(message))));
  await appendFile(join(state.path, 'events.jsonl'), '{"at": "cut');
  await store.appendEvent(event('4'));
  const messages = async (limit: number) =>
    (await store.readEvents(limit)).map(({ message }) => message);
  expect(await messages(10)).toEqual(['4', '3', '2', '1']);
  expect(await messages(2)).toEqual(['4', '3']);
});

test('the log of events is rotated, and the rotated part is still read', async () => {
  await using state = await temporaryFolder();
  const store = createFleetStore(state.path, 1_000);
  for (let n = 0; n < 40; n += 1) await store.appendEvent(event(String(n)));
  expect((await readdir(state.path)).sort()).toEqual(['events.jsonl', 'events.jsonl.1']);
  expect((await lstat(join(state.path, 'events.jsonl'))).size).toBeLessThan(1_300);
  expect((await store.readEvents(8)).map(({ message }) => message)).toEqual([
    '39',
    '38',
    '37',
    '36',
    '35',
    '34',
    '33',
    '32',
  ]);
});

test('a folder that cannot be written says so, with what to do', async () => {
  await using state = await temporaryFolder();
  await writeFile(join(state.path, 'file'), '');
  const store = createFleetStore(join(state.path, 'file'));
  const failed = { name: 'StoreError', kind: 'failed' };
  await expect(store.writeInventory([DEV])).rejects.toMatchObject(failed);
  await expect(store.appendEvent(event('x'))).rejects.toMatchObject(failed);
});

test('a full disk and a read-only one cost nothing that was written before', async (context) => {
  await using state = await temporaryFolder();
  const root = join(state.path, 'disk');
  await mkdir(root);
  const run = promisify(execFile);
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'bb-test', root]).catch(
    () => null,
  );
  if (mounted === null) return context.skip('may not mount a small disk here');
  try {
    const store = createFleetStore(root);
    await store.writeInventory([DEV]);
    await writeFile(join(root, 'ballast'), Buffer.alloc(128 * 1024)).catch(() => undefined);
    const full = { kind: 'disk-full', hint: expect.stringContaining('free some space') };
    await expect(store.writeInventory([])).rejects.toMatchObject(full);
    await expect(store.appendEvent(event('x'))).rejects.toMatchObject(full);
    expect(await store.readInventory()).toEqual([DEV]);
    expect((await readdir(root)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await run('mount', ['-o', 'remount,ro', root]);
    await expect(store.writeInventory([])).rejects.toMatchObject({ kind: 'read-only' });
  } finally {
    await run('umount', [root]);
  }
});

test.for([
  ['EROFS', 'read-only'],
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EACCES', 'no-permission'],
  ['EIO', 'failed'],
])('%s of the file system means %s', ([code, kind]) => {
  const error = Object.assign(new Error('said so'), { code });
  expect(() => storeError('/state/x')(error)).toThrow(expect.objectContaining({ kind }));
});
