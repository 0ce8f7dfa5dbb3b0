import { parseRevision, type Revision } from '../../model/names.ts';
import type { LoggedCommit } from '../ports/git.ts';
import type { GitProcess } from './git-process.ts';
import { treeish } from './git-tree.ts';

/** Trailers come last, one a line: unfolding removes every other line feed from them. */
const FIELDS = ['%H', '%P', '%an <%ae>', '%aI', '%s', '%(trailers:only=true,unfold=true)'] as const;

/** Commits from `from` backwards, newest first, with one call. */
export async function readLog(
  git: GitProcess,
  from: Revision,
  limit: number,
): Promise<readonly LoggedCommit[]> {
  const output = await git.text([
    'log',
    '-z',
    `--max-count=${limit}`,
    '--no-show-signature',
    '--no-color',
    '--no-notes',
    `--format=tformat:${FIELDS.join('%x00')}`,
    from,
    '--',
  ]);
  const fields = output.split('\0');
  const commits: LoggedCommit[] = [];
  for (let at = 0; at + FIELDS.length <= fields.length; at += FIELDS.length) {
    commits.push(parseCommit(fields.slice(at, at + FIELDS.length)));
  }
  return commits;
}

function parseCommit(fields: readonly string[]): LoggedCommit {
  const [id = '', parents = '', author = '', at = '', subject = '', trailers = ''] = fields;
  const revision = parseRevision(id);
  if (revision === undefined) throw new Error(`git log gave "${id}" as a commit`);
  return {
    revision,
    parents: parents.split(' ').flatMap((parent) => parseRevision(parent) ?? []),
    author,
    at,
    subject,
    trailers: trailers.split('\n').flatMap(parseTrailer),
  };
}

function parseTrailer(line: string): [name: string, value: string][] {
  const colon = line.indexOf(':');
  return colon < 1 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
}

/** Whether `ancestor` is in the history of `descendant`; false for a commit that is no longer here. */
export async function isAncestor(
  git: GitProcess,
  ancestor: Revision,
  descendant: Revision,
): Promise<boolean> {
  if (ancestor === descendant) return true;
  const { exitCode } = await git.run(['merge-base', '--is-ancestor', ancestor, descendant]);
  return exitCode === 0;
}

/** Unified diff of the folder between two commits, the same whatever the operator's diff settings are. */
export async function readDiff(
  git: GitProcess,
  from: Revision,
  to: Revision,
  folder: string,
): Promise<string> {
  const whole = treeish(from, folder) === from;
  return git.text([
    'diff-tree',
    '-r',
    '-p',
    '--no-ext-diff',
    '--no-textconv',
    '--no-color',
    from,
    to,
    ...(whole ? [] : ['--', folder]),
  ]);
}
