import { parseRevision, type Revision } from '../../model/names.ts';
import type { LoggedCommit } from '../ports/git.ts';
import type { GitProcess } from './git-process.ts';

/** Trailers come last, one a line: unfolding removes every other line feed from them. */
const FIELDS = ['%H', '%P', '%an <%ae>', '%aI', '%s', '%(trailers:only=true,unfold=true)'] as const;

/** Commits from `from` backwards, newest first, with one call. */
export async function readLog(
  git: GitProcess,
  from: Revision,
  limit: number,
): Promise<readonly LoggedCommit[]> {
  return parseLog(await git.must(['log', `--max-count=${limit}`, ...PLAIN_LOG, from, '--']));
}

/** Commits from `from` back to `since` in whose message a proposal is named, newest first. */
export async function readNaming(
  git: GitProcess,
  from: Revision,
  since: Revision | null,
): Promise<readonly LoggedCommit[]> {
  const range = since === null ? [from] : [from, `^${since}`];
  const named = ['--fixed-strings', '--grep=Bb-Proposal:'];
  return parseLog(await git.must(['log', ...named, ...PLAIN_LOG, ...range, '--']));
}

/** These commits, in order, with one call. */
export async function readCommits(
  git: GitProcess,
  revisions: readonly Revision[],
): Promise<readonly LoggedCommit[]> {
  if (revisions.length === 0) return [];
  const args = ['log', '--no-walk=unsorted', '--ignore-missing', '--stdin', ...PLAIN_LOG];
  return parseLog(await git.must(args, { input: `${revisions.join('\n')}\n` }));
}

const PLAIN_LOG = [
  '-z',
  '--no-show-signature',
  '--no-color',
  '--no-notes',
  `--format=tformat:${FIELDS.join('%x00')}`,
] as const;

function parseLog(output: string): readonly LoggedCommit[] {
  const fields = output.split('\0');
  const commits: LoggedCommit[] = [];
  for (let at = 0; at + FIELDS.length <= fields.length; at += FIELDS.length) {
    commits.push(parseCommit(fields.slice(at, at + FIELDS.length)));
  }
  return commits;
}

/** A commit from its id, parents, author, time, subject and trailers, as git gave them. */
export function parseCommit(fields: readonly string[]): LoggedCommit {
  const [id = '', parents = '', author = '', at = '', subject = '', trailers = ''] = fields;
  const revision = parseRevision(id);
  if (revision === undefined) throw new Error(`git log gave "${id}" as a commit`);
  return {
    revision,
    parents: parents.split(' ').flatMap((parent) => parseRevision(parent) ?? []),
    author,
    at,
    subject,
    trailers: parseTrailers(trailers),
  };
}

/** Name and value of each line of what git found to be trailers. */
function parseTrailers(text: string): LoggedCommit['trailers'] {
  return text.split('\n').flatMap(parseTrailer);
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

/** Commits up to `from` whose diff of the folder has a line with the whole word: git looks at every diff itself. */
export async function readMentioning(
  git: GitProcess,
  from: Revision,
  folder: string,
  word: string,
): Promise<readonly Revision[]> {
  const escaped = word.replace(/[^\w-]/g, (character) => `[${character}]`);
  const whole = `(^|[^A-Za-z0-9.-])${escaped}([^A-Za-z0-9.-]|$)`;
  const options = ['-G', whole, '-i', '--no-ext-diff', '--no-textconv', '--format=%H'];
  const listed = await git.must(['log', '--full-history', ...options, from, ...limitedTo(folder)]);
  return listed.split('\n').flatMap((id) => parseRevision(id) ?? []);
}

/** Unified diff of the folder between two commits, the same whatever the operator's diff settings are. */
export async function readDiff(
  git: GitProcess,
  from: Revision,
  to: Revision,
  folder: string,
): Promise<string> {
  return git.text([...DIFF, from, to, ...limitedTo(folder)]);
}

/** Unified diff of what a commit changed in the folder: of a merge against its first parent. */
export async function readChange(
  git: GitProcess,
  revision: Revision,
  folder: string,
): Promise<string> {
  const alone = ['--root', '--no-commit-id', '--diff-merges=first-parent'];
  return git.must([...DIFF, ...alone, revision, ...limitedTo(folder)]);
}

const DIFF = ['diff-tree', '-r', '-p', '--no-ext-diff', '--no-textconv', '--no-color'] as const;

/** `--` and the folder, unless it is the whole repository. */
function limitedTo(folder: string): readonly string[] {
  return folder === '' || folder === '.' ? ['--'] : ['--', folder];
}
