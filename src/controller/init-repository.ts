import {
  chmod,
  cp,
  mkdir,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseRevision, type Revision } from '../model/names.ts';
import { authorVariables, gitAuthor } from './adapters/git-author.ts';
import { GitMissingError, type GitProcess, gitProcess } from './adapters/git-process.ts';
import type { Answer, Refusal } from './api.ts';
import { findPackageRoot } from './package-root.ts';
import { withSchemaLine } from './schema-line.ts';

export interface InitRequest {
  /** Absolute; made when it is not there. */
  readonly directory: string;
  /** Also a pre-commit hook that validates. */
  readonly hooks: boolean;
}

export interface InitReport {
  readonly repository: string;
  readonly revision: Revision;
  readonly files: number;
  /** Path of the hook, or null. */
  readonly hook: string | null;
}

const GITIGNORE = `# Values of secrets belong to the host, never to this repository.
secrets.yaml
.env
`;

const HOOK = `#!/bin/sh
# Written by bb init --hooks: a commit that bb would refuse is not made.
top=$(git rev-parse --show-toplevel) || exit 1
if ! command -v bb >/dev/null; then
  echo "pre-commit: bb is not on PATH, so desired-state/ was not checked" >&2
  exit 1
fi
exec bb validate --working-tree --repo "$top"
`;

/** What `bb init` makes, in this order of the files' appearance; each must be absent before. */
const MADE = ['desired-state', 'schemas'] as const;

/**
 * Makes a repository, or uses the one whose root `directory` is, with the example fleet that ships with bb as one
 * commit. Refuses before it touches anything; takes back what it made when it fails. Other files of the repository
 * and the operator's index stay as they are.
 */
export async function initRepository(request: InitRequest): Promise<Answer<InitReport>> {
  const directory = resolve(request.directory);
  const isNew = (await stat(directory).catch(() => null)) === null;
  try {
    await mkdir(directory, { recursive: true });
    const git = gitProcess(directory);
    const taken = await takenPath(git, directory, request.hooks);
    if (taken !== null) return refused(taken);
    await ensureRepository(git, directory);
    return { ok: true, value: await fill(git, directory, request.hooks) };
  } catch (error) {
    if (isNew) await rm(directory, { recursive: true, force: true });
    else await removeMade(directory);
    return refused({
      kind: 'source',
      message: error instanceof Error ? error.message : String(error),
      hint:
        error instanceof GitMissingError
          ? 'install git'
          : 'nothing was made; mend it and try again',
    });
  }
}

async function takenPath(
  git: GitProcess,
  directory: string,
  hooks: boolean,
): Promise<Omit<Refusal, 'diagnostics'> | null> {
  const hook = hooks ? [join('.git', 'hooks', 'pre-commit')] : [];
  for (const name of [...MADE, ...hook]) {
    const existing = await stat(join(directory, name)).catch(() => null);
    if (existing === null) continue;
    return {
      kind: 'conflict',
      message: `${join(directory, name)} is there already, and bb init overwrites nothing`,
      hint: 'name another folder, or move it away',
    };
  }
  await git.run(['--version']);
  return null;
}

async function ensureRepository(git: GitProcess, directory: string): Promise<void> {
  const top = await git.run(['rev-parse', '--show-toplevel']);
  const isRoot = top.exitCode === 0 && top.stdout.trimEnd() === (await realpath(directory));
  if (!isRoot) await git.must(['init', '--quiet', '--initial-branch=main']);
}

async function fill(git: GitProcess, directory: string, hooks: boolean): Promise<InitReport> {
  const { url } = findPackageRoot();
  for (const name of MADE) {
    await cp(fileURLToPath(new URL(name, url)), join(directory, name), { recursive: true });
  }
  await addSchemaLines(directory);
  const ignore = join(directory, '.gitignore');
  const hasIgnore = (await stat(ignore).catch(() => null)) !== null;
  if (!hasIgnore) await writeFile(ignore, GITIGNORE);
  const paths = [...MADE, ...(hasIgnore ? [] : ['.gitignore'])];
  await git.must(['add', '--', ...paths]);
  const author = authorVariables(await gitAuthor(git));
  const message = 'Describe a fleet\n\nMade by bb init from the example that ships with it.';
  await git.must(['commit', '--quiet', '-m', message, '--', ...paths], { env: author });
  const revision = parseRevision((await git.must(['rev-parse', 'HEAD'])).trimEnd());
  if (revision === undefined) throw new Error('git made no commit');
  const listed = await git.must(['ls-tree', '-r', '--name-only', '-z', revision, '--', ...paths]);
  return {
    repository: directory,
    revision,
    files: listed.split('\0').length - 1,
    hook: hooks ? await writeHook(git, directory) : null,
  };
}

/** Editors complete and check a file that names its schema. */
async function addSchemaLines(directory: string): Promise<void> {
  const root = join(directory, 'desired-state');
  const schemas = new Set(await readdir(join(directory, 'schemas')));
  for (const entry of await readdir(root, { recursive: true })) {
    if (!entry.endsWith('.yaml')) continue;
    const file = join(root, entry);
    await writeFile(file, withSchemaLine(entry, await readFile(file, 'utf8'), schemas));
  }
}

async function writeHook(git: GitProcess, directory: string): Promise<string> {
  const common = (await git.must(['rev-parse', '--git-common-dir'])).trimEnd();
  const folder = resolve(directory, common, 'hooks');
  await mkdir(folder, { recursive: true });
  const hook = join(folder, 'pre-commit');
  await writeFile(hook, HOOK, { flag: 'wx' });
  await chmod(hook, 0o755);
  return hook;
}

async function removeMade(directory: string): Promise<void> {
  for (const name of MADE) await rm(join(directory, name), { recursive: true, force: true });
}

function refused(refusal: Omit<Refusal, 'diagnostics'>): Answer<never> {
  return { ok: false, refusal: { ...refusal, diagnostics: [] } };
}
