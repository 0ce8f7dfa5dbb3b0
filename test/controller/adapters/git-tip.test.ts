import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rememberTip } from '../../../src/controller/adapters/git-tip.ts';
import type { Revision } from '../../../src/model/names.ts';

const OLD = 'a'.repeat(40) as Revision;
const NEW = 'b'.repeat(40) as Revision;

test('git is asked for the tip once, and again when the branch moved', async () => {
  await using branch = await looseRef(OLD);
  await branch.resolve();
  expect(await branch.resolve()).toEqual({ kind: 'resolved', revision: OLD });
  expect(branch.asked).toBe(1);
  await branch.moveTo(NEW);
  expect(await branch.resolve()).toEqual({ kind: 'resolved', revision: NEW });
  expect(branch.asked).toBe(2);
});

test('a branch that is no plain file is asked for each time', async () => {
  await using branch = await looseRef(OLD);
  await branch.remove();
  await branch.resolve();
  await branch.resolve();
  expect(branch.asked).toBe(2);
});

async function looseRef(first: Revision) {
  const folder = await mkdtemp(join(tmpdir(), 'bb-tip-'));
  const path = join(folder, 'main');
  let revision = first;
  let asked = 0;
  await writeFile(path, `${first}\n`);
  return {
    get asked() {
      return asked;
    },
    resolve: rememberTip(path, async () => {
      asked += 1;
      return { kind: 'resolved', revision };
    }),
    async moveTo(next: Revision) {
      revision = next;
      await writeFile(path, `${next}\n`);
    },
    remove: () => rm(path),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
