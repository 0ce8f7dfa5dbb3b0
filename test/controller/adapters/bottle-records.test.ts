import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { createBottleRecords } from '../../../src/controller/adapters/bottle-records.ts';
import type { BottleMetadata } from '../../../src/controller/ports/bottle-records.ts';
import { bottleLayout } from '../../../src/model/state-layout.ts';
import { bottle } from '../../builders/observed.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';
import { bottleName } from '../../builders/status.ts';

const DEV = bottleName('dev');
const METADATA: BottleMetadata = {
  ...{ slug: DEV, agent: bottle('dev').agent, provider: 'claude', backend: 'docker' },
  ...{ bottles: ['base'], workspace: '../site', label: null, color: 'cyan', image: 'bb/agent:1' },
  ...{ createdAt: '2026-01-01T00:00:00Z', started: null },
};
const MARK = { at: '2026-01-01T00:00:00Z', exitCode: 1, reason: 'exit code 1' };

async function records() {
  const state = await temporaryFolder();
  const layout = bottleLayout(state.path, DEV);
  return {
    layout,
    records: createBottleRecords(state.path),
    next: createBottleRecords(state.path),
  };
}

test('what was written is read by the next controller, and is for its owner only', async () => {
  const { layout, records: store, next } = await records();
  expect([await store.readMetadata(DEV), await store.readMark(DEV)]).toEqual([null, null]);
  await store.writeMetadata(DEV, METADATA);
  await store.writeMark(DEV, MARK);
  expect([await next.readMetadata(DEV), await next.readMark(DEV)]).toEqual([METADATA, MARK]);
  for (const path of [layout.metadata, layout.preservedMark]) {
    expect((await lstat(path)).mode & 0o777).toBe(0o600);
  }
  await store.clearMark(DEV);
  await store.clearMark(DEV);
  expect(await next.readMark(DEV)).toBeNull();
});

test('metadata of an older version is completed, damaged metadata is none, a damaged mark is one', async () => {
  const { layout, records: store } = await records();
  await mkdir(layout.root, { recursive: true });
  const { agent, label, color, createdAt } = METADATA;
  await writeFile(layout.metadata, JSON.stringify({ agent, label, color, createdAt }));
  expect(await store.readMetadata(DEV)).toEqual({
    ...{ slug: DEV, agent, label, color, createdAt, provider: null, backend: null, bottles: [] },
    ...{ workspace: null, image: null, started: null },
  });
  await writeFile(layout.metadata, '{"agent": "../x"');
  await writeFile(layout.preservedMark, '{');
  expect(await store.readMetadata(DEV)).toBeNull();
  expect(await store.readMark(DEV)).toMatchObject({ reason: 'the mark is damaged' });
});

test('state is kept whole but for values of secrets, in place of what was kept before', async () => {
  const { layout, records: store } = await records();
  const keep = async (text: string): Promise<void> => {
    await mkdir(`${layout.egressIn}/current`, { recursive: true });
    await mkdir(layout.egressState, { recursive: true });
    await writeFile(`${layout.egressIn}/current/secrets.json`, '{"api": "value"}');
    await writeFile(`${layout.egressState}/${text}`, text);
    await store.writeMark(DEV, MARK);
    await store.keep(DEV);
  };
  await keep('first');
  await keep('second');
  await store.keep(DEV);
  expect(await readdir(dirname(layout.root))).toEqual([]);
  expect(await readdir(`${layout.preserved}/egress`)).toEqual(['state']);
  expect(await readdir(`${layout.preserved}/egress/state`)).toEqual(['second']);
  expect(JSON.parse(await readFile(`${layout.preserved}/preserved.json`, 'utf8'))).toEqual(MARK);
  expect((await lstat(dirname(layout.preserved))).mode & 0o777).toBe(0o700);
});

test('removing the records leaves what is not theirs', async () => {
  const { layout, records: store } = await records();
  await store.writeMetadata(DEV, METADATA);
  await store.remove(DEV);
  await store.remove(DEV);
  expect(await readdir(dirname(layout.root))).toEqual([]);
  await store.writeMetadata(DEV, METADATA);
  await mkdir(layout.trust);
  await store.remove(DEV);
  expect(await readdir(layout.root)).toEqual(['trust']);
});
