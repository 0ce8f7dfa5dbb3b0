/** How much of all bodies together may be held to be looked at. */
export class HeldBytes {
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  /** What one exchange holds. */
  share(): HeldShare {
    let held = 0;
    let isOver = false;
    return {
      take: (bytes) => {
        if (isOver || bytes > this.#left) return false;
        this.#left -= bytes;
        held += bytes;
        return true;
      },
      hold: (bytes) => {
        const more = bytes - held;
        if (isOver || more > this.#left) return false;
        this.#left -= more;
        held = bytes;
        return true;
      },
      giveBack: () => {
        isOver = true;
        this.#left += held;
        held = 0;
      },
    };
  }
}

export interface HeldShare {
  /** False where there is no room for them. */
  take(bytes: number): boolean;
  /** From now on it is that much altogether; false where there is no room for it. */
  hold(bytes: number): boolean;
  /** All of it, at the end: nothing can be taken any more. */
  giveBack(): void;
}
