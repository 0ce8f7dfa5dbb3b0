import { execa } from 'execa';
import { expect, test } from 'vitest';
import { openGit } from '../../src/controller/adapters/git.ts';
import { DecisionIndex } from '../../src/controller/decision-index.ts';
import type { Git } from '../../src/controller/ports/git.ts';
import { FLEET_FILES } from '../builders/controller.ts';
import { proposalId } from '../builders/proposal.ts';
import { gitRepository, type TestRepository } from '../builders/repository.ts';

async function opened({ root }: TestRepository): Promise<Git> {
  const found = await openGit({ repository: root, branch: 'main', folder: 'desired-state' });
  if (!found.ok) throw new Error(found.problem.message);
  return found.git;
}

test('a decision that a merge brings is known, although it is older than what was read', async () => {
  await using repository = await gitRepository({ files: FLEET_FILES });
  const { git: run } = repository;
  const git = await opened(repository);
  const id = proposalId(1);
  const index = new DecisionIndex(git);
  const find = async () => {
    const tip = await git.tip();
    return tip === null ? null : index.find(id, tip);
  };
  await run('checkout', '--quiet', '-b', 'elsewhere');
  const decided = await repository.commit(
    { 'elsewhere.txt': 'x' },
    `Reject x for dev\n\nBb-Action: reject\nBb-Proposal: ${id}\nBb-Reason: no\n`,
  );
  await run('checkout', '--quiet', 'main');
  await execa('git', ['commit', '--quiet', '--allow-empty', '--no-verify', '-m', 'Later'], {
    cwd: repository.root,
    env: { GIT_COMMITTER_DATE: '2030-01-01T00:00:00Z' },
  });
  expect(await find()).toBeNull();
  await run('merge', '--quiet', '--no-edit', 'elsewhere');
  expect(await find()).toMatchObject({ kind: 'rejected', revision: decided });
});

test('a decision is known however much was committed since, and not in a history without it', async () => {
  await using repository = await gitRepository({ files: FLEET_FILES });
  const git = await opened(repository);
  const id = proposalId(1);
  const before = await git.tip();
  const decided = await repository.commit(
    { 'elsewhere.txt': 'x' },
    `Reject x for dev\n\nBb-Action: reject\nBb-Proposal: ${id}\nBb-Reason: no\n`,
  );
  const later = Array.from(
    { length: 1_100 },
    (_, at) =>
      `commit refs/heads/main\ncommitter a <a@a.example> ${1_900_000_000 + at} +0000\ndata 5\nLater\n${at === 0 ? `from ${decided}\n` : ''}\n`,
  );
  await execa('git', ['fast-import', '--quiet'], { cwd: repository.root, input: later.join('') });
  const tip = await git.tip();
  if (tip === null || before === null) throw new Error('the branch is gone');
  const index = new DecisionIndex(git);
  expect(await index.find(id, tip)).toMatchObject({ kind: 'rejected', revision: decided });
  expect(await index.find(id, before)).toBeNull();
  expect(await index.find(id, tip)).toMatchObject({ revision: decided });
});
