import { execa } from 'execa';
import { expect, test } from 'vitest';
import { openGit } from '../../src/controller/adapters/git.ts';
import { DecisionIndex } from '../../src/controller/decision-index.ts';
import { FLEET_FILES } from '../builders/controller.ts';
import { proposalId } from '../builders/proposal.ts';
import { gitRepository } from '../builders/repository.ts';

test('a decision that a merge brings is known, although it is older than what was read', async () => {
  await using repository = await gitRepository({ files: FLEET_FILES });
  const { git: run } = repository;
  const opened = await openGit({
    repository: repository.root,
    branch: 'main',
    folder: 'desired-state',
  });
  if (!opened.ok) throw new Error(opened.problem.message);
  const { git } = opened;
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
