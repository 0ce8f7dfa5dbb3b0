import type { TreeFile } from '../desired/tree-file.ts';
import type { ChangeAt } from './commit-chain.ts';
import type { Git } from './ports/git.ts';

type Files = ReadonlyMap<string, TreeFile>;

/**
 * `changeAt` that is asked again only when the files of the desired-state folder are others: where somebody else was
 * faster with a commit that is not about them, nothing has to be thought over.
 */
export function oncePerTree(git: Pick<Git, 'readTree'>, changeAt: ChangeAt): ChangeAt {
  let known: { readonly files: Files; readonly change: ReturnType<ChangeAt> } | null = null;
  return async (parent, tip) => {
    const files = await git.readTree(parent);
    if (known === null || !isSameTree(known.files, files)) {
      known = { files, change: changeAt(parent, tip) };
    }
    return known.change;
  };
}

function isSameTree(left: Files, right: Files): boolean {
  if (left.size !== right.size) return false;
  return [...left].every(([path, file]) => isSameFile(file, right.get(path)));
}

/** Also when neither is there. */
export function isSameFile(left: TreeFile | undefined, right: TreeFile | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  if (left.mode !== right.mode) return false;
  return left.bytes === right.bytes || Buffer.compare(left.bytes, right.bytes) === 0;
}
