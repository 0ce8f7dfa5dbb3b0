import { stat } from 'node:fs/promises';
import { join, resolve as resolvePath } from 'node:path';
import { parseRevision, type Revision } from '../../model/names.ts';
import type { Git, Resolved, SourceProblem } from '../ports/git.ts';
import { catchUp } from './git-behind.ts';
import { readBlame } from './git-blame.ts';
import { GitChain, type Upstream } from './git-chain.ts';
import { branchTip } from './git-commit.ts';
import { workingTreeFollower } from './git-follow.ts';
import {
  isAncestor,
  readChange,
  readCommits,
  readDiff,
  readLog,
  readMentioning,
  readNaming,
} from './git-history.ts';
import { appendNote, listNoted, readNote } from './git-notes.ts';
import { GitMissingError, type GitProcess, gitProcess } from './git-process.ts';
import { readRecords } from './git-records.ts';
import { branchOf, currentBranch, missingBranch, openProblem } from './git-source.ts';
import { rememberTip } from './git-tip.ts';
import { treeish, treeReader } from './git-tree.ts';
import { SourceTrust, type TrustOptions } from './git-trust.ts';
import { watchRefs } from './git-watch.ts';

export interface GitOptions {
  readonly repository: string;
  /** Null follows the branch that HEAD is on, also in the middle of a rebase. */
  readonly branch: string | null;
  readonly folder: string;
  /** What makes a commit trusted; null verifies nothing. */
  readonly trust?: TrustOptions | null;
  /** Takes every commit before the branch does; null where the branch is followed itself. */
  readonly upstream?: Upstream | null;
}

export type OpenedGit =
  | { readonly ok: true; readonly git: Git }
  | { readonly ok: false; readonly problem: SourceProblem };

const HEAD = ['--symbolic-full-name', 'HEAD'];

/** Finds the repository and its branch; that the branch has a commit is `resolve`'s to say. */
export async function openGit(options: GitOptions): Promise<OpenedGit> {
  const repository = resolvePath(options.repository);
  const stats = await stat(repository).catch(() => null);
  if (stats === null || !stats.isDirectory()) {
    return { ok: false, problem: openProblem(repository, 'no such folder') };
  }
  try {
    const git = gitProcess(repository);
    const located = await git.run(['rev-parse', '--git-common-dir', '--git-dir', ...HEAD]);
    const [common = '', own = '', head = ''] = located.stdout.split('\n');
    // A branch without a commit has a name all the same, which rev-parse does not tell.
    if (own === '') return { ok: false, problem: openProblem(repository, located.stderr) };
    const branch =
      options.branch ?? branchOf(head) ?? (await currentBranch(git, resolvePath(repository, own)));
    if (branch === null) return { ok: false, problem: missingBranch(repository, null) };
    const gitDirectory = resolvePath(repository, common);
    return { ok: true, git: createGit(git, gitDirectory, { ...options, repository, branch }) };
  } catch (error) {
    if (!(error instanceof GitMissingError)) throw error;
    return { ok: false, problem: openProblem(repository, error.message) };
  }
}

function createGit(
  git: GitProcess,
  gitDirectory: string,
  options: GitOptions & { readonly branch: string },
): Git {
  const { repository, branch } = options;
  const folder = options.folder.replace(/^(?:\.?\/)+|\/+$/g, '');
  const ref = `refs/heads/${branch}`;
  const trees = treeReader(git);
  const following = workingTreeFollower(git, ref);
  /** The last commit made here that has the folder: nobody has to be asked about it. */
  let ours: Revision | null = null;
  const trust = new SourceTrust(git, options.trust ?? null);
  const upstream = options.upstream ?? null;
  let derived: Revision | null = null;
  const chain: Git['chain'] = (base) =>
    new GitChain(base, {
      git,
      ref,
      vouching: trust,
      upstream,
      onMade({ parent, revision, files }) {
        derived = trees.derive({ parent, revision }, folder, files) ? revision : null;
      },
      onPublished(revision) {
        ours = derived === revision ? revision : null;
      },
      following,
    });
  return {
    repository,
    branch,
    folder,
    resolve: rememberTip(join(gitDirectory, ref), async (written) => {
      const isOurs = ours !== null && ours === written;
      if (ours !== null && isOurs && !trust.isVerified) return { kind: 'resolved', revision: ours };
      return trust.follow(await resolveTip(git, { repository, branch, folder }));
    }),
    distrust: (revision) => trust.distrust(revision),
    lastTrusted: () => trust.last(),
    signatures: (revisions) => trust.signatures(revisions),
    resolveRevision: (raw) => resolveRevision(git, raw),
    readTree: (revision) => trees.read(revision, folder),
    isAncestor: (ancestor, descendant) => isAncestor(git, ancestor, descendant),
    async commit({ parent, ...request }) {
      const one = chain(parent);
      const made = await one.add(request);
      if (made.kind === 'refused') return made;
      const outcome = await one.publish();
      if (outcome.kind !== 'committed') return outcome;
      const left = await Promise.all(outcome.follow.map((follow) => follow()));
      return { kind: 'committed', revision: made.revision, leftInWorkingTree: left.flat() };
    },
    chain,
    catchUp: () => catchUp(git, ref),
    records: (from) => readRecords(git, from),
    commits: (revisions) => readCommits(git, revisions),
    blame: (revision, path, lines) => readBlame(git, revision, join(folder, path), lines),
    mentioning: (from, word) => readMentioning(git, from, folder, word),
    tip: () => branchTip(git, ref),
    log: (from, limit) => readLog(git, from, limit),
    naming: (from, since) => readNaming(git, from, since),
    show: (revision) => readChange(git, revision, folder),
    diff: (from, to) => readDiff(git, from, to, folder),
    appendNote: (revision, lines) => appendNote(git, revision, lines),
    noted: () => listNoted(git),
    readNote: (revision) => readNote(git, revision),
    remote: () => null,
    watch: (onHint, signal) => watchRefs(gitDirectory, onHint, signal),
  };
}

async function resolveTip(
  git: GitProcess,
  { repository, branch, folder }: GitOptions & { readonly branch: string },
): Promise<Resolved> {
  const seen = await tipWithFolder(git, `refs/heads/${branch}`, folder);
  if (seen !== null) return { kind: 'resolved', revision: seen };
  const revision = await branchTip(git, `refs/heads/${branch}`);
  if (revision === null)
    return { kind: 'problem', problem: await noCommit(git, repository, branch) };
  const found = await git.run(['cat-file', '-t', treeish(revision, folder)]);
  const isFolder = found.stdout === 'tree\n' || found.stdout === 'commit\n';
  if (isFolder) return { kind: 'resolved', revision };
  return {
    kind: 'problem',
    problem: {
      kind: 'missing-folder',
      message: `commit ${revision.slice(0, 12)} on ${branch} has no folder ${folder}`,
      hint: 'commit a desired state there (bb init makes one), or set source.folder in config.yaml',
    },
  };
}

/** What most often is so, in one process: the branch has a commit with the folder, and did not move meanwhile. */
async function tipWithFolder(
  git: GitProcess,
  ref: string,
  folder: string,
): Promise<Revision | null> {
  const tip = `${ref}^{commit}`;
  const input = `${tip}\n${treeish(ref, folder)}\n${tip}\n`;
  const format = '--batch-check=%(objectname) %(objecttype)';
  const { stdout } = await git.run(['cat-file', format], { input });
  const [first = '', below = '', last, ...others] = stdout.split('\n');
  const isWhole = first === last && /^\S+ (?:tree|commit)$/.test(below) && others.length === 1;
  return isWhole ? (parseRevision(first.replace(/ commit$/, '')) ?? null) : null;
}

async function noCommit(
  git: GitProcess,
  repository: string,
  branch: string,
): Promise<SourceProblem> {
  const anyRef = await git.run(['for-each-ref', '--count=1', '--format=%(refname)']);
  if (anyRef.exitCode !== 0) return openProblem(repository, anyRef.stderr);
  if (anyRef.stdout.trim() !== '') return missingBranch(repository, branch);
  return {
    kind: 'empty-repository',
    message: `${repository} has no commit yet`,
    hint: `commit the desired state on ${branch} first: only commits count`,
  };
}

/** Refuses what could be read as an option or names more than one commit. */
async function resolveRevision(git: GitProcess, raw: string): Promise<Revision | null> {
  if (!/^[^-\s][^\s\p{Cc}]*$/u.test(raw)) return null;
  const { stdout } = await git.run(['rev-parse', '--verify', '--quiet', `${raw}^{commit}`]);
  return parseRevision(stdout.trim()) ?? null;
}
