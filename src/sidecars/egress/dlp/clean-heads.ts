const MOST_HEADS = 256;
const LONGEST_HEAD = 4096;

/**
 * Heads in which nothing was found, not even a hint: most requests of a client have the head of the one before. They are
 * kept as they are and compared as a whole. What was found depends on the table and its secrets, so each set of them
 * has a memory of its own.
 */
export class CleanHeads {
  /** The one that was not asked about for the longest time comes first. */
  readonly #heads = new Set<string>();

  has(head: string): boolean {
    if (!this.#heads.delete(head)) return false;
    this.#heads.add(head);
    return true;
  }

  add(head: string): void {
    if (head.length > LONGEST_HEAD) return;
    this.#heads.add(head);
    if (this.#heads.size <= MOST_HEADS) return;
    for (const oldest of this.#heads) {
      this.#heads.delete(oldest);
      return;
    }
  }
}
