import { expect, test } from 'vitest';
import { openGit } from '../../../src/controller/adapters/git.ts';
import type { Git } from '../../../src/controller/ports/git.ts';
import type { Revision } from '../../../src/model/names.ts';
import { gitRepository } from '../../builders/repository.ts';

const FILES = {
  'desired-state/fleet.yaml': 'name: home\n',
  'desired-state/routes.yaml': 'x',
  'desired-state/routes/api.yaml': 'api',
  'desired-state/skills/only/run.sh': 'run',
  'bäume/ä.txt': 'not ours',
};

const CHANGES = new Map([
  ['desired-state/routes/api.yaml', 'changed\n'],
  ['desired-state/routes-more.yaml', 'sorts between routes and routes/\n'],
  ['desired-state/new/deep/grün.yaml', 'x'.repeat(5_000)],
  ['desired-state/skills/only/run.sh', null],
]);

async function open(root: string): Promise<Git> {
  const opened = await openGit({ repository: root, branch: 'main', folder: 'desired-state' });
  if (!opened.ok) throw new Error(opened.problem.message);
  return opened.git;
}

async function tip(git: Git): Promise<Revision> {
  const resolved = await git.resolve();
  if (resolved.kind === 'problem') throw new Error(resolved.problem.message);
  return resolved.revision;
}

function request(parent: Revision, changes: ReadonlyMap<string, string | null>) {
  return { parent, changes, subject: 'Change', body: '', trailers: [] };
}

test.for(['sha1', 'sha256'] as const)(
  'the objects of a commit are what git itself would make of the same files (%s)',
  async (objectFormat) => {
    await using repository = await gitRepository({ files: FILES, objectFormat });
    const git = await open(repository.root);
    await git.commit(request(await tip(git), CHANGES));
    await repository.git('fsck', '--strict', '--no-dangling');
    const committed = await repository.git('rev-parse', 'HEAD^{tree}');
    // The working tree followed, so the operator's own `add` and `write-tree` must come to the same id.
    await repository.git('read-tree', '--empty');
    await repository.git('add', '--all');
    expect(await repository.git('write-tree')).toBe(committed);
    expect(await repository.git('ls-tree', '-r', '--name-only', 'HEAD')).not.toContain('skills');
  },
);

test('the tree of a commit made here is known as it would be read', async () => {
  await using repository = await gitRepository({ files: FILES });
  const git = await open(repository.root);
  await git.readTree(await tip(git));
  await git.commit(request(await tip(git), CHANGES));
  const remembered = [...(await git.readTree(await tip(git)))];
  const fresh = await open(repository.root);
  const read = [...(await fresh.readTree(await tip(fresh)))];
  expect(await tip(git)).toBe(await tip(fresh));
  expect(remembered.map(([path]) => path)).toEqual(read.map(([path]) => path));
  const text = ([path, file]: (typeof read)[number]) => [
    path,
    file.mode,
    Buffer.from(file.bytes).toString(),
  ];
  expect(remembered.map(text)).toEqual(read.map(text));
});

test('a commit that empties the folder is told as a branch without it', async () => {
  await using repository = await gitRepository({
    files: { 'desired-state/fleet.yaml': 'x', a: '' },
  });
  const git = await open(repository.root);
  await git.readTree(await tip(git));
  await git.commit(request(await tip(git), new Map([['desired-state/fleet.yaml', null]])));
  expect(await git.resolve()).toMatchObject({ problem: { kind: 'missing-folder' } });
});

test('a file in the place of a folder is not replaced', async () => {
  await using repository = await gitRepository({ files: FILES });
  const git = await open(repository.root);
  const parent = await tip(git);
  const below = new Map([['desired-state/routes.yaml/x.yaml', 'x']]);
  await expect(git.commit(request(parent, below))).rejects.toThrow('no folder');
  expect(await tip(git)).toBe(parent);
  const beside = new Map([['desired-state/routes.d/x.yaml', 'x']]);
  expect(await git.commit(request(parent, beside))).toMatchObject({ kind: 'committed' });
});

test('the working tree follows later, and commit by commit', async () => {
  await using repository = await gitRepository({ files: FILES });
  const git = await open(repository.root);
  const change = (text: string) => new Map([['desired-state/fleet.yaml', text]]);
  const chain = git.chain(await tip(git));
  await chain.add(request(chain.tip, change('one\n')));
  const ahead = await chain.publish();
  const [follow] = ahead.kind === 'committed' ? ahead.follow : [];
  if (follow === undefined) throw new Error('nobody else is here');
  expect(await repository.git('show', 'HEAD:desired-state/fleet.yaml')).toBe('one');
  expect(await repository.git('status', '--porcelain')).not.toBe('');
  const second = await git.commit(request(chain.tip, change('two\n')));
  expect(second).toMatchObject({ kind: 'committed', leftInWorkingTree: [] });
  expect(await follow()).toEqual([]);
  expect(await repository.git('status', '--porcelain')).toBe('');
});
