import { appendFile, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { parseRevision, type Revision } from '../../src/model/names.ts';

/** What a test says of its repository; everything else is valid. */
export interface RepositoryOptions {
  /** Path → text, committed on `main`; omitted = no commit at all. */
  readonly files?: { readonly [path: string]: string };
  readonly objectFormat?: 'sha1' | 'sha256';
}

/** A real repository in a temporary folder, with an operator who works in it. */
export interface TestRepository extends AsyncDisposable {
  readonly root: string;
  /** Runs git there and gives what it printed, trimmed. @throws when it fails. */
  git(...args: readonly string[]): Promise<string>;
  /** Writes files into the working tree; null deletes. */
  write(files: { readonly [path: string]: string | null }): Promise<void>;
  /** Writes, stages and commits files as the operator does. */
  commit(files: { readonly [path: string]: string | null }, subject?: string): Promise<Revision>;
  head(): Promise<Revision>;
}

/** In the words of the file itself: a process for each setting would be most of what a repository costs. */
const OPERATOR = `[user]
	name = Olga Operator
	email = olga@example.test
[commit]
	gpgSign = false
[maintenance]
	auto = false
`;

const INITIAL_SUBJECT = 'Describe the fleet';

/** Makes a repository on branch `main`. A git hook in it fails loudly, so that one that runs is seen. */
export async function gitRepository(options: RepositoryOptions = {}): Promise<TestRepository> {
  const root = await mkdtemp(join(tmpdir(), 'bb-repository-'));
  const repository = openTestRepository(root);
  const format = options.objectFormat ?? 'sha1';
  await repository.git('init', '--quiet', '--initial-branch=main', `--object-format=${format}`);
  await appendFile(join(root, '.git/config'), OPERATOR);
  if (options.files !== undefined) await commitFiles(repository, options.files, INITIAL_SUBJECT);
  return repository;
}

/** The same operations on a repository that is there already: a clone, a linked working tree. */
export function openTestRepository(root: string): TestRepository {
  const git = async (...args: readonly string[]) =>
    (await execa('git', args, { cwd: root, env: { GIT_CONFIG_GLOBAL: '/dev/null' } })).stdout;
  const write = async (files: { readonly [path: string]: string | null }) => {
    for (const [path, text] of Object.entries(files)) {
      const target = join(root, path);
      await mkdir(dirname(target), { recursive: true });
      if (text === null) await rm(target);
      else await writeFile(target, text);
    }
  };
  const head = async () => {
    const revision = parseRevision(await git('rev-parse', 'HEAD'));
    if (revision === undefined) throw new Error('HEAD has no commit');
    return revision;
  };
  return {
    root,
    git,
    write,
    head,
    async commit(files, subject = 'Change the fleet') {
      await commitFiles({ write, git }, files, subject);
      return head();
    },
    async [Symbol.asyncDispose]() {
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function commitFiles(
  { write, git }: Pick<TestRepository, 'write' | 'git'>,
  files: { readonly [path: string]: string | null },
  subject: string,
): Promise<void> {
  await write(files);
  await git('add', '--all', '--', ...Object.keys(files));
  await git('commit', '--quiet', '--allow-empty', '--no-verify', '-m', subject);
}

/** Installs hooks that leave a mark in the working tree when git runs them. */
export async function trapHooks(repository: TestRepository): Promise<string> {
  const mark = join(repository.root, 'hook-ran');
  for (const hook of ['reference-transaction', 'post-index-change', 'pre-commit', 'post-commit']) {
    const path = join(repository.root, '.git', 'hooks', hook);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `#!/bin/sh\necho ${hook} >> '${mark}'\n`);
    await chmod(path, 0o755);
  }
  return mark;
}
