import { existsSync } from 'node:fs';
import { chown, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openGit } from '../../../src/controller/adapters/git.ts';
import type { Git } from '../../../src/controller/ports/git.ts';
import type { Revision } from '../../../src/model/names.ts';
import {
  gitRepository,
  openTestRepository,
  type TestRepository,
  trapHooks,
} from '../../builders/repository.ts';

const FLEET = { 'desired-state/fleet.yaml': 'name: home\n', 'README.md': 'not ours\n' };

async function open(root: string, branch: string | null = null, folder = 'desired-state') {
  const opened = await openGit({ repository: root, branch, folder });
  if (!opened.ok) throw new Error(opened.problem.message);
  return opened.git;
}

async function tip(git: Git): Promise<Revision> {
  const resolved = await git.resolve();
  if (resolved.kind === 'problem') throw new Error(resolved.problem.message);
  return resolved.revision;
}

async function texts(git: Git): Promise<{ [path: string]: string }> {
  const tree = await git.readTree(await tip(git));
  return Object.fromEntries(
    [...tree].map(([path, { bytes }]) => [path, Buffer.from(bytes).toString()]),
  );
}

test('reads the tree of the commit and not the working directory', async () => {
  await using repository = await gitRepository({ files: FLEET });
  await repository.write({ 'desired-state/fleet.yaml': 'dirty', 'desired-state/new.yaml': 'new' });
  const git = await open(repository.root);
  expect(await texts(git)).toEqual({ 'fleet.yaml': 'name: home\n' });
});

test('modes, odd names, empty files and binary content come through', async () => {
  await using repository = await gitRepository({ files: FLEET });
  const odd = 'desired-state/prompts/zwei Wörter\n"q".md';
  await repository.commit({ [odd]: '', 'desired-state/skills/x/run.sh': '\0\n\0 blob 3\n' });
  await repository.git('update-index', '--chmod=+x', 'desired-state/skills/x/run.sh');
  await repository.git('commit', '-qm', 'executable');
  const git = await open(repository.root);
  const tree = await git.readTree(await tip(git));
  expect(tree.get('prompts/zwei Wörter\n"q".md')?.bytes).toHaveLength(0);
  expect(tree.get('skills/x/run.sh')).toEqual({
    mode: '100755',
    bytes: new Uint8Array(Buffer.from('\0\n\0 blob 3\n')),
  });
});

test('a file over the limit costs no memory and is seen as too large', async () => {
  await using repository = await gitRepository({
    files: { ...FLEET, 'desired-state/huge.md': 'x'.repeat(3_000_000), 'desired-state/z.md': 'z' },
  });
  const git = await open(repository.root);
  const tree = await git.readTree(await tip(git));
  expect(tree.get('huge.md')?.bytes).toHaveLength(1024 * 1024 + 1);
  expect(Buffer.from(tree.get('z.md')?.bytes ?? []).toString()).toBe('z');
});

test.for([
  ['bare', ['clone', '--bare', '--quiet']],
  ['shallow', ['clone', '--quiet', '--depth=1', '--no-local']],
] as const)('follows a %s clone', async ([, clone]) => {
  await using repository = await gitRepository({ files: FLEET });
  await repository.commit({ 'desired-state/fleet.yaml': 'name: two\n' });
  await using copy = openTestRepository(`${repository.root}-clone`);
  await repository.git(...clone, repository.root, copy.root);
  expect(await texts(await open(copy.root))).toEqual({ 'fleet.yaml': 'name: two\n' });
});

test('follows packed refs, sha256 repositories and a linked working tree', async () => {
  await using repository = await gitRepository({ files: FLEET, objectFormat: 'sha256' });
  await repository.git('pack-refs', '--all');
  await repository.git('gc', '--quiet');
  const linked = `${repository.root}-linked`;
  await repository.git('worktree', 'add', '--quiet', '-b', 'other', linked);
  await using other = openTestRepository(linked);
  await other.commit({ 'desired-state/fleet.yaml': 'name: other\n' });
  expect(await texts(await open(repository.root))).toEqual({ 'fleet.yaml': 'name: home\n' });
  const git = await open(linked);
  expect(git.branch).toBe('other');
  expect(await texts(git)).toEqual({ 'fleet.yaml': 'name: other\n' });
  expect(await tip(git)).toHaveLength(64);
});

test('in the middle of a rebase it stays on the branch that is being rebased', async () => {
  await using repository = await gitRepository({ files: FLEET });
  await stopInRebase(repository);
  const git = await open(repository.root);
  expect(git.branch).toBe('main');
  expect(await texts(git)).toEqual({ 'fleet.yaml': 'name: mine\n' });
});

test('each repository that cannot be followed is told apart, with what to do', async () => {
  await using empty = await gitRepository();
  await using repository = await gitRepository({ files: FLEET });
  await repository.git('checkout', '--quiet', '--detach');
  const problem = async (root: string, branch: string | null, folder = 'desired-state') => {
    const opened = await openGit({ repository: root, branch, folder });
    if (!opened.ok) return opened.problem;
    const resolved = await opened.git.resolve();
    return resolved.kind === 'problem' ? resolved.problem : null;
  };
  expect(await problem('/nowhere/at/all', null)).toMatchObject({ kind: 'not-a-repository' });
  expect(await problem('/proc', null)).toMatchObject({ kind: 'not-a-repository' });
  expect(await problem(empty.root, null)).toMatchObject({
    kind: 'empty-repository',
    hint: 'commit the desired state on main first: only commits count',
  });
  expect(await problem(repository.root, null)).toMatchObject({ kind: 'missing-branch' });
  expect(await problem(repository.root, 'typo')).toMatchObject({ kind: 'missing-branch' });
  expect(await problem(repository.root, 'main', 'typo')).toMatchObject({ kind: 'missing-folder' });
  expect(await problem(repository.root, 'main')).toBeNull();
});

test('a revision is resolved as git does, but never read as an option', async () => {
  await using repository = await gitRepository({ files: FLEET });
  const git = await open(repository.root);
  const head = await repository.head();
  expect(await git.resolveRevision('main~0')).toBe(head);
  expect(await git.resolveRevision(head.slice(0, 8))).toBe(head);
  expect(await git.resolveRevision('--all')).toBeNull();
  expect(await git.resolveRevision('main typo')).toBeNull();
  expect(await git.resolveRevision('v9')).toBeNull();
});

test('GIT_DIR of a hook that runs bb, and the repository’s own hooks, have no effect', async () => {
  await using repository = await gitRepository({ files: FLEET });
  await using other = await gitRepository({ files: { 'desired-state/fleet.yaml': 'other' } });
  const mark = await trapHooks(repository);
  process.env['GIT_DIR'] = join(other.root, '.git');
  try {
    const git = await open(repository.root);
    expect(await texts(git)).toEqual({ 'fleet.yaml': 'name: home\n' });
    const parent = await tip(git);
    const changes = new Map([['desired-state/fleet.yaml', 'name: new\n']]);
    await git.commit({ parent, changes, subject: 'x', body: '', trailers: [] });
    await git.appendNote(await tip(git), ['noted']);
  } finally {
    delete process.env['GIT_DIR'];
  }
  expect(existsSync(mark)).toBe(false);
  await repository.git('commit', '--quiet', '--allow-empty', '-m', 'the trap works');
  expect(existsSync(mark)).toBe(true);
});

test('a filter of the repository’s configuration is not run on what is committed', async () => {
  await using repository = await gitRepository({ files: FLEET });
  const mark = join(repository.root, '.git/filtered');
  await repository.commit({ '.gitattributes': '* filter=trap\n' });
  await repository.git('config', 'filter.trap.clean', `touch '${mark}'; cat`);
  await repository.git('config', 'filter.trap.required', 'true');
  const git = await open(repository.root);
  const changes = new Map([['desired-state/fleet.yaml', 'name: new\n']]);
  const parent = await tip(git);
  await git.commit({ parent, changes, subject: 'x', body: '', trailers: [] });
  expect(existsSync(mark)).toBe(false);
  expect(await repository.git('status', '--porcelain')).toBe('');
  await repository.commit({ 'README.md': 'the trap works\n' });
  expect(existsSync(mark)).toBe(true);
});

test('a commit carries its trailers, and its body cannot forge one', async () => {
  await using repository = await gitRepository({ files: FLEET });
  const git = await open(repository.root);
  const outcome = await git.commit({
    parent: await tip(git),
    changes: new Map([['desired-state/routes/dev.yaml', 'routes: []\n']]),
    subject: 'Allow api.example.test for dev',
    body: 'Bb-Operator: mallory',
    trailers: [
      ['Bb-Action', 'approve'],
      ['Bb-Justification', 'needs it\nBb-Operator: mallory'],
    ],
  });
  expect(outcome.kind).toBe('committed');
  const [latest, first] = await git.log(await tip(git), 10);
  expect(latest).toMatchObject({
    subject: 'Allow api.example.test for dev',
    author: 'Olga Operator <olga@example.test>',
    parents: [first?.revision],
    trailers: [
      ['Bb-Action', 'approve'],
      ['Bb-Justification', 'needs it Bb-Operator: mallory'],
    ],
  });
  expect(await git.isAncestor(first?.revision as Revision, await tip(git))).toBe(true);
  expect(await git.isAncestor(await tip(git), first?.revision as Revision)).toBe(false);
});

test('the branch being elsewhere refuses a commit and changes nothing', async () => {
  await using repository = await gitRepository({ files: FLEET });
  const git = await open(repository.root);
  const parent = await tip(git);
  const moved = await repository.commit({ 'README.md': 'moved' });
  const changes = new Map([['desired-state/fleet.yaml', 'lost']]);
  const request = { parent, changes, subject: 'x', body: '', trailers: [] };
  expect(await git.commit(request)).toEqual({ kind: 'moved', tip: moved });
  expect(await tip(git)).toBe(moved);
  expect(await git.commit({ ...request, parent: moved })).toMatchObject({ kind: 'committed' });
});

test('of commits that race for one tip exactly one wins', async () => {
  await using repository = await gitRepository({ files: FLEET });
  const git = await open(repository.root);
  const parent = await tip(git);
  const outcomes = await Promise.all(
    [1, 2, 3, 4].map((n) =>
      git.commit({ parent, changes: new Map(), subject: `n${n}`, body: '', trailers: [] }),
    ),
  );
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['committed', 'moved', 'moved', 'moved']);
  expect(await git.log(await tip(git), 10)).toHaveLength(2);
});

test('a clean file follows the commit, the operator’s other work stays as it is', async () => {
  await using repository = await gitRepository({ files: FLEET });
  await repository.write({ 'README.md': 'dirty', 'staged.txt': 'staged', 'stray.txt': 'stray' });
  await repository.git('add', 'staged.txt');
  const git = await open(repository.root);
  const outcome = await git.commit({
    parent: await tip(git),
    changes: new Map([
      ['desired-state/fleet.yaml', 'name: new\n'],
      ['desired-state/routes/dev.yaml', 'routes: []\n'],
    ]),
    subject: 'Approve',
    body: '',
    trailers: [],
  });
  expect(outcome).toMatchObject({ kind: 'committed', leftInWorkingTree: [] });
  expect(await repository.git('status', '--porcelain')).toBe(
    ' M README.md\nA  staged.txt\n?? stray.txt',
  );
  const read = (path: string) => readFile(join(repository.root, path), 'utf8');
  expect(await read('desired-state/routes/dev.yaml')).toBe('routes: []\n');
  expect(await repository.git('show', '--stat', '--format=', 'HEAD')).not.toContain('README');
});

test('a dirty file, a staged one and one in the way are left and told', async () => {
  const files = { ...FLEET, 'desired-state/a.yaml': 'a\n', 'desired-state/b.yaml': 'b\n' };
  await using repository = await gitRepository({ files });
  await repository.write({
    'desired-state/a.yaml': 'mine\n',
    'desired-state/b.yaml': 'staged\n',
    'desired-state/c.yaml': 'untracked\n',
  });
  await repository.git('add', 'desired-state/b.yaml');
  await repository.write({ 'desired-state/b.yaml': 'b\n' });
  const before = await repository.git('ls-files', '-s');
  const git = await open(repository.root);
  const paths = ['a', 'b', 'c'].map((name) => `desired-state/${name}.yaml`);
  const outcome = await git.commit({
    parent: await tip(git),
    changes: new Map(paths.map((path) => [path, 'theirs\n'])),
    subject: 'Approve',
    body: '',
    trailers: [],
  });
  expect(outcome).toMatchObject({ kind: 'committed', leftInWorkingTree: paths });
  expect(await repository.git('ls-files', '-s')).toBe(before);
  expect(await readFile(join(repository.root, paths[0] ?? ''), 'utf8')).toBe('mine\n');
  expect(await readFile(join(repository.root, paths[2] ?? ''), 'utf8')).toBe('untracked\n');
  expect((await git.readTree(await tip(git))).get('c.yaml')?.bytes).toHaveLength(7);
});

test('a rebase under way and a bare clone have no working tree to follow', async () => {
  await using repository = await gitRepository({ files: FLEET });
  await stopInRebase(repository);
  const before = await repository.git('status', '--porcelain');
  const git = await open(repository.root);
  const changes = new Map([['desired-state/fleet.yaml', null]]);
  const request = { changes, subject: 'Delete', body: '', trailers: [] };
  const outcome = await git.commit({ ...request, parent: await tip(git) });
  expect(outcome).toMatchObject({ kind: 'committed', leftInWorkingTree: [] });
  expect(await repository.git('status', '--porcelain')).toBe(before);
});

test('deleting the last file of a folder removes it from the working tree as git does', async () => {
  await using repository = await gitRepository({
    files: { ...FLEET, 'desired-state/x/y.md': 'y' },
  });
  const git = await open(repository.root);
  await git.commit({
    parent: await tip(git),
    changes: new Map([['desired-state/x/y.md', null]]),
    subject: 'Delete',
    body: '',
    trailers: [],
  });
  expect(existsSync(join(repository.root, 'desired-state/x'))).toBe(false);
  expect(await repository.git('status', '--porcelain')).toBe('');
});

test('notes are appended line by line, also by writers at the same time', async () => {
  await using repository = await gitRepository({ files: FLEET });
  const git = await open(repository.root);
  const revision = await tip(git);
  expect(await git.readNote(revision)).toBeNull();
  await Promise.all(['one', 'two', 'three'].map((line) => git.appendNote(revision, [line])));
  expect((await git.readNote(revision))?.trim().split('\n').sort()).toEqual([
    'one',
    'three',
    'two',
  ]);
  expect(await repository.git('log', '-1', '--notes=bb', '--format=%N')).toContain('two');
});

test('a diff is of the folder alone and ignores the operator’s diff program', async () => {
  await using repository = await gitRepository({ files: FLEET });
  await repository.git('config', 'diff.external', '/bin/false');
  const git = await open(repository.root);
  const from = await tip(git);
  await repository.commit({ 'desired-state/fleet.yaml': 'name: new\n', 'README.md': 'other' });
  const diff = await git.diff(from, await tip(git));
  expect(diff).toContain('-name: home\n+name: new\n');
  expect(diff).not.toContain('README');
});

test('a moved branch is told, however it moves, until the watch ends', async () => {
  await using repository = await gitRepository({ files: FLEET });
  const git = await open(repository.root);
  const controller = new AbortController();
  let hints = 0;
  await git.watch(() => (hints += 1), controller.signal);
  const seen = async (move: () => Promise<unknown>) => {
    const before = hints;
    await move();
    await expect.poll(() => hints, { interval: 5 }).toBeGreaterThan(before);
  };
  await seen(() => repository.commit({ 'desired-state/fleet.yaml': 'one' }));
  await seen(() => repository.git('pack-refs', '--all', '--prune'));
  await seen(() => repository.commit({ 'desired-state/fleet.yaml': 'two' }));
  await seen(() => repository.git('reset', '--quiet', '--hard', 'HEAD~2'));
  await seen(() => repository.git('branch', 'team/feature'));
  controller.abort();
  const ended = hints;
  await repository.commit({ 'desired-state/fleet.yaml': 'three' });
  expect(hints).toBe(ended);
});

test('a branch of a linked working tree and one of a bare repository are watched too', async () => {
  await using repository = await gitRepository({ files: FLEET });
  await using linked = openTestRepository(`${repository.root}-linked`);
  await repository.git('worktree', 'add', '--quiet', '-b', 'team/other', linked.root);
  await using bare = openTestRepository(`${repository.root}-bare`);
  await repository.git('clone', '--quiet', '--bare', repository.root, bare.root);
  const ended = new AbortController();
  const hints: string[] = [];
  for (const root of [linked.root, bare.root]) {
    const git = await open(root, root === linked.root ? null : 'main');
    await git.watch(() => hints.push(git.branch), ended.signal);
  }
  await linked.commit({ 'desired-state/fleet.yaml': 'name: other\n' });
  await expect.poll(() => hints, { interval: 5 }).toContain('team/other');
  await repository.git('push', '--quiet', bare.root, 'team/other:main');
  await expect.poll(() => hints, { interval: 5 }).toContain('main');
  ended.abort();
});

test('a repository that goes away is a problem and not a crash', async () => {
  await using repository = await gitRepository({ files: FLEET });
  const git = await open(repository.root);
  expect(await git.resolve()).toMatchObject({ kind: 'resolved' });
  await rm(join(repository.root, '.git'), { recursive: true });
  expect(await git.resolve()).toMatchObject({
    kind: 'problem',
    problem: { kind: 'not-a-repository' },
  });
  await rm(repository.root, { recursive: true });
  expect(await git.resolve()).toMatchObject({ problem: { kind: 'not-a-repository' } });
});

test('a repository that belongs to another user is told as such, with the way to trust it', async (context) => {
  await using repository = await gitRepository({ files: FLEET });
  const given = await chown(join(repository.root, '.git'), 4711, 4711).catch(() => 'refused');
  if (given === 'refused') return context.skip('only root can give files away');
  await chown(repository.root, 4711, 4711);
  const opened = await openGit({ repository: repository.root, branch: null, folder: 'x' });
  expect(opened).toMatchObject({
    ok: false,
    problem: {
      kind: 'unreadable',
      hint: `git config --global --add safe.directory ${repository.root}`,
    },
  });
});

test('an index that another git holds is not waited for: the file is left and told', async () => {
  await using repository = await gitRepository({ files: FLEET });
  const git = await open(repository.root);
  await writeFile(join(repository.root, '.git/index.lock'), '');
  const path = 'desired-state/fleet.yaml';
  const change = async (text: string) =>
    git.commit({
      parent: await tip(git),
      changes: new Map([[path, text]]),
      subject: 'Change',
      body: '',
      trailers: [],
    });
  expect(await change('one\n')).toMatchObject({ kind: 'committed', leftInWorkingTree: [path] });
  expect(await readFile(join(repository.root, path), 'utf8')).toBe('name: home\n');
  await rm(join(repository.root, '.git/index.lock'));
  await repository.git('restore', '--staged', '--worktree', '.');
  expect(await change('two\n')).toMatchObject({ kind: 'committed', leftInWorkingTree: [] });
});

test('a file in conflict, and one behind a link, are left and told', async () => {
  const files = { ...FLEET, 'desired-state/routes/dev.yaml': 'routes: []\n' };
  await using repository = await gitRepository({ files });
  await repository.git('checkout', '--quiet', '-b', 'other');
  await repository.commit({ 'desired-state/fleet.yaml': 'name: theirs\n' });
  await repository.git('checkout', '--quiet', 'main');
  await repository.commit({ 'desired-state/fleet.yaml': 'name: mine\n' });
  await repository.git('merge', 'other').catch(() => undefined);
  await rename(join(repository.root, 'desired-state/routes'), join(repository.root, 'moved'));
  await symlink('../moved', join(repository.root, 'desired-state/routes'));
  const git = await open(repository.root);
  const paths = ['desired-state/fleet.yaml', 'desired-state/routes/dev.yaml'];
  const outcome = await git.commit({
    parent: await tip(git),
    changes: new Map(paths.map((path) => [path, 'approved\n'])),
    subject: 'Approve',
    body: '',
    trailers: [],
  });
  expect(outcome).toMatchObject({ kind: 'committed', leftInWorkingTree: paths });
  expect(await readFile(join(repository.root, 'moved/dev.yaml'), 'utf8')).toBe('routes: []\n');
  expect(await readFile(join(repository.root, paths[0] ?? ''), 'utf8')).toContain('<<<<<<<');
});

test.for(['../outside.yaml', '/etc/x', '.git/config', 'desired-state//x.yaml'])(
  'a commit of %s is refused and the branch stays',
  async (path) => {
    await using repository = await gitRepository({ files: FLEET });
    const git = await open(repository.root);
    const parent = await tip(git);
    const changes = new Map([[path, 'x']]);
    const request = { parent, changes, subject: 'x', body: '', trailers: [] };
    await expect(git.commit(request)).rejects.toThrow();
    expect(await tip(git)).toBe(parent);
  },
);

/** Leaves the operator in a conflict: HEAD detached, markers in the file, `main` still at its own tip. */
async function stopInRebase(repository: TestRepository): Promise<void> {
  await repository.git('checkout', '--quiet', '-b', 'upstream');
  await repository.commit({ 'desired-state/fleet.yaml': 'name: theirs\n' });
  await repository.git('checkout', '--quiet', 'main');
  await repository.commit({ 'desired-state/fleet.yaml': 'name: mine\n' });
  await repository.git('rebase', 'upstream').catch(() => undefined);
}
