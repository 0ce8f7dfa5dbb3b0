import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { claimState } from '../../../src/controller/adapters/state-owner.ts';
import { gitRepository } from '../../builders/repository.ts';
import { temporaryFolder } from '../../builders/state-directory.ts';

test('a state directory is of one repository until that is gone', async () => {
  await using state = await temporaryFolder();
  await using first = await gitRepository({ files: { a: 'a' } });
  await using second = await gitRepository({ files: { a: 'a' } });
  expect(await claimState(state.path, first.root)).toEqual({ claimed: true });
  expect(await claimState(state.path, first.root)).toEqual({ claimed: true });
  const owner = join(first.root, '.git');
  expect(await claimState(state.path, second.root)).toEqual({ claimed: false, owner });
  await rm(first.root, { recursive: true });
  expect(await claimState(state.path, second.root)).toEqual({ claimed: true });
});

test('every working tree of a repository is the same one', async () => {
  await using state = await temporaryFolder();
  await using main = await gitRepository({ files: { a: 'a' } });
  const linked = join(state.path, 'linked');
  await main.git('worktree', 'add', '--quiet', '--detach', linked);
  expect(await claimState(state.path, main.root)).toEqual({ claimed: true });
  expect(await claimState(state.path, linked)).toEqual({ claimed: true });
});
