import type { ChangedFile } from './git-changed-file.ts';
import type { GitProcess } from './git-process.ts';
import { checkedOutAt, updateWorkingTree } from './git-working-tree.ts';

/** Lets the working tree have one commit; gives the paths that are left as the operator has them. Asked again, it waits. */
export type Follow = () => Promise<readonly string[]>;

/**
 * Takes the files of each commit that was made on the branch. The working tree may follow later, but always commit by
 * commit: one that is asked for brings those before it.
 */
export function workingTreeFollower(
  git: GitProcess,
  ref: string,
): (files: readonly ChangedFile[]) => Follow {
  let behind: Follow[] = [];
  let following: Promise<unknown> = Promise.resolve();
  return (files) => {
    let left: Promise<readonly string[]> | null = null;
    const start: Follow = () => {
      left ??= following.then(() => bringCommit(git, ref, files));
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
  files: readonly ChangedFile[],
): Promise<readonly string[]> {
  if (files.length === 0) return [];
  const root = await checkedOutAt(git, ref);
  return root === null ? [] : updateWorkingTree(git, root, files);
}
