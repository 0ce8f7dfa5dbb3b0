import type { Revision } from '../../model/names.ts';
import type { CommitRecord } from '../ports/git.ts';

/** Every commit of a branch with its parents, newest first. */
export class BranchHistory {
  readonly #parents = new Map<string, readonly Revision[]>();

  static async of(records: AsyncIterable<CommitRecord>): Promise<BranchHistory> {
    const history = new BranchHistory();
    for await (const { revision, parents } of records) history.#parents.set(revision, parents);
    return history;
  }

  get size(): number {
    return this.#parents.size;
  }

  has(revision: string): boolean {
    return this.#parents.has(revision);
  }

  /** Commits that are not in the history of `anchor`, newest first; all of them where there is no anchor. */
  since(anchor: Revision | null): readonly Revision[] {
    const known = new Set<string>();
    const open: string[] = anchor === null ? [] : [anchor];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (known.has(next)) continue;
      known.add(next);
      open.push(...(this.#parents.get(next) ?? []));
    }
    return [...this.#parents.keys()].filter((each): each is Revision => !known.has(each));
  }
}
