import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFleetStore } from '../../src/controller/adapters/fleet-store.ts';
import { TurnLog } from '../../src/controller/turn-log.ts';
import { temporaryFolder } from '../builders/state-directory.ts';
import { bottleName, revision } from '../builders/status.ts';

const [DEV, QA] = [bottleName('dev'), bottleName('qa')];
const [OLD, NOW] = [revision('a'), revision('b')];

test('a bottle that keeps failing fills neither the log nor the note', async () => {
  await using state = await temporaryFolder();
  const log = new TurnLog(createFleetStore(state.path));
  await log.started(QA, NOW, 2);
  await log.ended(QA, NOW, 2, 'done');
  for (let n = 0; n < 400; n += 1) {
    const at = n < 200 ? OLD : NOW;
    await log.started(DEV, at, 1);
    await log.ended(DEV, at, 1, `failed: attempt ${n}`);
  }
  const text = await readFile(join(state.path, 'turns.jsonl'), 'utf8');
  expect(text.split('\n').length).toBeLessThan(400);
  const told = await log.towards(NOW);
  expect(told.length).toBeLessThan(50);
  expect(told[0]).toMatchObject({ bottle: 'qa', result: 'done' });
  expect(told.at(-1)).toMatchObject({ bottle: 'dev', result: 'failed: attempt 399' });
  const next = new TurnLog(createFleetStore(state.path));
  expect(await next.towards(NOW)).toEqual(told);
  await next.clear();
  expect(await new TurnLog(createFleetStore(state.path)).towards(NOW)).toEqual([]);
});
