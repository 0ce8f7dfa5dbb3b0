import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sanitizeLine } from '../../model/sanitize.ts';
import type { SourceProblem } from '../ports/git.ts';
import type { GitProcess } from './git-process.ts';

const BRANCH = /^refs\/heads\/(.+)$/;

/** The branch that HEAD is on, or that a rebase under way will go back to; null when HEAD is detached. */
export async function currentBranch(git: GitProcess, gitDirectory: string): Promise<string | null> {
  const head = await git.run(['symbolic-ref', '--quiet', 'HEAD']);
  const candidates = [
    head.stdout,
    await readText(join(gitDirectory, 'rebase-merge', 'head-name')),
    await readText(join(gitDirectory, 'rebase-apply', 'head-name')),
  ];
  for (const candidate of candidates) {
    const branch = branchOf(candidate);
    if (branch !== null) return branch;
  }
  return null;
}

/** The branch that a full name of a ref names; null when it names another kind. */
export function branchOf(ref: string): string | null {
  return BRANCH.exec(ref.trim())?.[1] ?? null;
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** Puts what git said about a folder that it cannot open into words with what to do. */
export function openProblem(repository: string, said: string): SourceProblem {
  if (said.includes('dubious ownership')) {
    return {
      kind: 'unreadable',
      message: `${repository} belongs to another user, so git refuses to read it`,
      hint: `git config --global --add safe.directory ${repository}`,
    };
  }
  if (said.includes('not installed')) {
    return { kind: 'unreadable', message: said, hint: 'install git, e.g. apt-get install git' };
  }
  if (said.includes('not a git repository') || said.includes('no such folder')) {
    return {
      kind: 'not-a-repository',
      message: `${repository} is not a git repository`,
      hint: 'run bb init there, or set source.repository in config.yaml',
    };
  }
  return {
    kind: 'unreadable',
    message: `git cannot read ${repository}: ${sanitizeLine(said.trim())}`,
    hint: 'check its permissions, and git -C … fsck',
  };
}

/** Null branch: HEAD is detached and none was configured. */
export function missingBranch(repository: string, branch: string | null): SourceProblem {
  return {
    kind: 'missing-branch',
    message:
      branch === null
        ? `HEAD of ${repository} is on no branch`
        : `${repository} has no branch ${branch}`,
    hint: 'set source.branch in config.yaml to the branch that describes the fleet',
  };
}
