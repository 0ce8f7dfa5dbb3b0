import type { Revision } from '../../model/names.ts';
import type { ChangedFile } from './git-changed-file.ts';
import { removeMark } from './git-mark.ts';
import type { GitProcess } from './git-process.ts';
import { bringToWorkingTree } from './git-working-tree.ts';

/** Lets the working tree have one commit; gives the paths that are left as the operator has them. Asked again, it waits. */
export type Follow = () => Promise<readonly string[]>;

/**
 * Takes the files of each commit that was made on the branch. The working tree may follow later, but always commit by
 * commit: one that is asked for brings those before it.
 */
export function workingTreeFollower(
  git: GitProcess,
  ref: string,
): (revision: Revision, files: readonly ChangedFile[]) => Follow {
  let behind: Follow[] = [];
  let following: Promise<unknown> = Promise.resolve();
  return (revision, files) => {
    let left: Promise<readonly string[]> | null = null;
    const start: Follow = () => {
      left ??= following.then(() => bringCommit(git, ref, revision, files));
      following = left.catch(() => undefined);
      return left;
    };
    behind.push(start);
    return () => {
      const before = behind;
      behind = [];
      for (const follow of before) void follow().catch(() => undefined);
      return left ?? start();
    };
  };
}

async function bringCommit(
  git: GitProcess,
  ref: string,
  revision: Revision,
  files: readonly ChangedFile[],
): Promise<readonly string[]> {
  if (files.length === 0) return [];
  const left = await bringToWorkingTree(git, ref, files);
  await removeMark(git, revision);
  return left;
}
