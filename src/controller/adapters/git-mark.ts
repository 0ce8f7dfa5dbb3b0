import type { Revision } from '../../model/names.ts';
import type { GitProcess } from './git-process.ts';

/** One ref a commit that the working tree does not have yet: made together with the commit, gone when it has. */
export const MARKS = 'refs/bb/behind';

/** Line for `update-ref --stdin` that marks the working tree as behind this commit. */
export function markCommand(revision: Revision): string {
  return `create ${MARKS}/${revision} ${revision}`;
}

/** The working tree has this commit, or never will. */
export async function removeMark(git: GitProcess, revision: Revision): Promise<void> {
  await git.run(['update-ref', '-d', `${MARKS}/${revision}`]);
}
