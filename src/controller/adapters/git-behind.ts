import { parseRevision, type Revision } from '../../model/names.ts';
import type { ChangedFile } from './git-changed-file.ts';
import { branchTip } from './git-commit.ts';
import { MARKS, removeMark } from './git-mark.ts';
import type { GitProcess } from './git-process.ts';
import { bringToWorkingTree } from './git-working-tree.ts';

/**
 * Brings the working tree what commits of a process that died did not: their files, oldest commit first, where nobody
 * has touched them since. Commits that are no longer on the branch are forgotten.
 */
export async function catchUp(git: GitProcess, ref: string): Promise<void> {
  const { stdout } = await git.run(['for-each-ref', '--format=%(objectname)', `${MARKS}/`]);
  const marked = stdout.split('\n').flatMap((line) => parseRevision(line) ?? []);
  if (marked.length === 0) return;
  const tip = await branchTip(git, ref);
  for (const revision of tip === null ? [] : await oldestFirst(git, marked, tip)) {
    await bringToWorkingTree(git, ref, await changedFiles(git, revision), { died: true });
  }
  for (const revision of marked) await removeMark(git, revision);
}

/** Those of `marked` that are in the history of `tip`. */
async function oldestFirst(
  git: GitProcess,
  marked: readonly Revision[],
  tip: Revision,
): Promise<readonly Revision[]> {
  const until = marked.map((revision) => `^${revision}^@`);
  const listed = await git.run(['rev-list', '--topo-order', '--reverse', tip, ...until]);
  const known = new Set<string>(marked);
  return listed.stdout
    .split('\n')
    .flatMap((line) => (known.has(line) ? (parseRevision(line) ?? []) : []));
}

async function changedFiles(git: GitProcess, revision: Revision): Promise<readonly ChangedFile[]> {
  const listed = await git.must([
    'diff-tree',
    '-r',
    '-z',
    '--no-renames',
    `${revision}^`,
    revision,
  ]);
  const words = listed.split('\0');
  const files: ChangedFile[] = [];
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [modeBefore = '', mode = '', idBefore = '', id = ''] = (words[at] ?? '')
      .slice(1)
      .split(' ');
    const before = isNothing(idBefore) ? null : { mode: modeBefore, id: idBefore };
    const after = isNothing(id)
      ? null
      : { mode, id, text: await git.must(['cat-file', 'blob', id]) };
    files.push({ path: words[at + 1] ?? '', before, after });
  }
  return files;
}

function isNothing(id: string): boolean {
  return /^0+$/.test(id);
}
